import * as z from 'zod'
import { problemSchema } from './errors.ts'
import type { RouteDefinition } from './routes/route-definition.ts'
import { routes } from './routes/routes.ts'

type Json = Record<string, unknown>

const problemRef = { $ref: '#/components/schemas/Problem' }

/** The OpenAPI 3.1 document of the API, made from the route table. */
export function createOpenApiDocument(): Json {
  const schemas: Record<string, Json> = {}
  collect(problemSchema, 'output', schemas)
  const paths: Record<string, Record<string, Json>> = {}
  for (const [name, route] of Object.entries(routes) as [string, RouteDefinition][]) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = toOperation(name, route, schemas)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'imprun',
      version: '0.1.0',
      description: 'Write an API function, save it, and it is live behind a gateway.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set((Object.values(routes) as RouteDefinition[]).map(({ tag }) => tag))].map((name) => ({ name })),
    security: [{ accessToken: [] }],
    paths,
    components: {
      securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', description: 'The access token, for example the one in IMPRUN_HOME/keys/token.' } },
      responses: { Problem: { description: 'A problem document (RFC 9457)', content: { 'application/problem+json': { schema: problemRef } } } },
      schemas,
    },
  }
}

function toOperation(operationId: string, route: RouteDefinition, schemas: Record<string, Json>): Json {
  return {
    operationId,
    summary: route.summary,
    tags: [route.tag],
    ...(route.role === 'anyone' ? { security: [] } : {}),
    parameters: [...pathParameters(route), ...queryParameters(route), ...(route.method === 'GET' ? [] : [idempotencyKey])],
    ...(route.body ? { requestBody: { required: true, content: { 'application/json': { schema: collect(route.body, 'input', schemas) } } } } : {}),
    responses: {
      [route.status]: success(route, schemas),
      ...(route.alsoAccepted ? { 202: success(route, schemas) } : {}),
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key with the same call gives the same answer for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}

const pathParameters = (route: RouteDefinition): Json[] =>
  [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))

function queryParameters(route: RouteDefinition): Json[] {
  if (!route.query) return []
  const { properties = {}, required = [] } = convert(route.query, 'input') as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: required.includes(name), schema }))
}

function success(route: RouteDefinition, schemas: Record<string, Json>): Json {
  if (!route.response) return { description: 'Done' }
  const schema = collect(route.response, 'output', schemas)
  if (route.kind === 'events') return { description: 'A stream of events; the data of each is this document', content: { 'text/event-stream': { schema } } }
  const tail = route.tail && { 'text/event-stream': { schema: collect(route.tail, 'output', schemas) } }
  return { description: 'Done', content: { 'application/json': { schema }, ...tail } }
}

/** Named schemas go into `schemas` once and are referred to. */
function collect(schema: z.ZodType, io: 'input' | 'output', schemas: Record<string, Json>): Json {
  const { $defs = {}, ...rest } = convert(schema, io) as Json & { $defs?: Record<string, Json> }
  for (const [id, definition] of Object.entries($defs)) schemas[id] ??= relocate(definition)
  const { id } = rest
  if (typeof id !== 'string') return relocate(rest)
  schemas[id] ??= relocate(rest)
  return { $ref: `#/components/schemas/${id}` }
}

function convert(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' }) as Json
  return rest
}

/** zod names its definitions `#/$defs/<id>` and marks them with `id`, which OpenAPI has no place for. */
function relocate(value: Json): Json {
  const { id: _, ...rest } = value
  return JSON.parse(JSON.stringify(rest).replaceAll('"#/$defs/', '"#/components/schemas/'))
}
