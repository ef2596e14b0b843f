import { type CreateTool, type EnvironmentName, environmentNames, functionNameSchema, gatewayIdSchema, ImprunError } from '@imprun/contracts'
import type { JsonSchemaType } from '@modelcontextprotocol/server'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv'

export type InputSchema = NonNullable<CreateTool['inputSchema']>

/** What a tool has when none was given: any object. */
export const anyObject: InputSchema = { type: 'object' }

/** A schema is sent to every agent that lists the tools, and counts against what its model may read. */
const inputSchemaBytesMax = 64 * 1024

export interface ToolTarget {
  gatewayId: string
  environment: EnvironmentName
  name: string
}

const urlInvalid = (message: string) =>
  new ImprunError('INPUT_INVALID', `functionUrl does not name a function of a gateway. ${message}`, { errors: [{ field: 'functionUrl', message }] })

const forms = 'Use https://<gateway>.<environment>.<domain>/<function> or https://<domain>/<gateway>/<environment>/<function>.'

/**
 * Reads which function an address means. The address itself is never called: calls go to imprun's own runtimes, so no address leads anywhere else.
 * @throws INPUT_INVALID
 */
export function parseFunctionUrl(text: string): ToolTarget {
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw urlInvalid('Use an http or https address.')
  if (url.username || url.password) throw urlInvalid('Leave user and password out of it.')
  if (url.search || url.hash) throw urlInvalid('Leave out what follows "?" or "#": the arguments of a tool are sent as the JSON body.')
  const path = decodePath(url.pathname)
  const [gatewayId = '', environment = ''] = url.hostname.split('.')
  const byHost = toTarget(gatewayId, environment, path)
  const [first = '', second = '', ...rest] = path
  const target = byHost ?? toTarget(first, second, rest)
  if (!target) throw urlInvalid(forms)
  return target
}

function decodePath(pathname: string): string[] {
  try {
    return decodeURIComponent(pathname)
      .split('/')
      .filter((segment) => segment !== '')
  } catch {
    throw urlInvalid('The path holds a broken percent-encoding.')
  }
}

function toTarget(gatewayId: string, environment: string, path: readonly string[]): ToolTarget | undefined {
  const found = environmentNames.find((name) => name === environment)
  const name = path.join('/')
  if (!found || !gatewayIdSchema.safeParse(gatewayId).success || !functionNameSchema.safeParse(name).success) return undefined
  return { gatewayId, environment: found, name }
}

/** @throws INPUT_INVALID when agents could not use the schema: it is no valid JSON Schema, refers to elsewhere, or is too large. */
export function checkInputSchema(schema: InputSchema): void {
  const refuse = (message: string) =>
    new ImprunError('INPUT_INVALID', `The input schema can not be used: ${message}`, { errors: [{ field: 'inputSchema', message }] })
  const bytes = Buffer.byteLength(JSON.stringify(schema), 'utf8')
  if (bytes > inputSchemaBytesMax) throw refuse(`It has ${bytes} bytes; at most ${inputSchemaBytesMax} are allowed.`)
  try {
    // Compiled whole, patterns too, though calls leave those out: what an agent is shown has to be right.
    new AjvJsonSchemaValidator().getValidator(schema as JsonSchemaType)
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error))
  }
}

export type Validate = (input: unknown) => { valid: true } | { valid: false; errorMessage: string }

/**
 * Regular expressions come from one user and their input from another, and one that backtracks for ever would hold up every gateway. They stay in
 * what agents are shown and are left to the function; everything else is checked here.
 */
export function compileInputSchema(schema: InputSchema): Validate {
  const validate = new AjvJsonSchemaValidator().getValidator<unknown>(withoutPatterns(schema) as JsonSchemaType)
  return (input) => {
    const { valid, errorMessage } = validate(input)
    return valid ? { valid } : { valid: false, errorMessage: errorMessage ?? 'The arguments do not fit the input schema.' }
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const regularExpressions = new Set(['pattern', 'patternProperties', 'format'])
/** Below these, keys are names that the author chose, and no keywords. */
const namedSchemas = new Set(['properties', '$defs', 'definitions', 'dependentSchemas'])
const plainValues = new Set(['const', 'enum', 'default', 'examples'])

function withoutPatterns(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutPatterns)
  if (!isRecord(schema)) return schema
  const kept = Object.entries(schema).filter(([keyword]) => !regularExpressions.has(keyword))
  return Object.fromEntries(
    kept.map(([keyword, value]) => {
      if (plainValues.has(keyword)) return [keyword, value]
      if (namedSchemas.has(keyword) && isRecord(value))
        return [keyword, Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutPatterns(each)]))]
      return [keyword, withoutPatterns(value)]
    }),
  )
}
