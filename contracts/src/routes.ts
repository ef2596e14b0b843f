import { z } from 'zod'
import { accessTokenSchema, accountSchema, createAccessTokenSchema, newAccessTokenSchema } from './account.ts'
import { applicationSchema, createApplicationSchema, createGrantSchema, grantSchema, newGrantSchema } from './application.ts'
import { deploymentSchema, deploymentStatuses, releaseHoldSchema, rollbackFunctionSchema } from './deployment.ts'
import { environmentDetailSchema, patchEnvironmentSchema } from './environment.ts'
import { eventSchema } from './event.ts'
import {
  createFunctionSchema,
  deployToStageSchema,
  functionSchema,
  promoteFunctionSchema,
  publishFunctionSchema,
  savedFunctionSchema,
  saveFunctionSchema,
} from './function.ts'
import { createGatewaySchema, gatewaySchema, patchGatewaySchema } from './gateway.ts'
import { logEntrySchema, logQuerySchema, logTailEventSchema } from './log.ts'
import { environmentNameSchema } from './names.ts'
import { packagesSchema, putPackagesSchema } from './packages.ts'
import { pageOf, pageQuerySchema } from './paging.ts'
import { releaseComparisonSchema, releaseSchema } from './release.ts'
import { runFunctionSchema, runResultSchema } from './run.ts'
import { createToolSchema, toolSchema } from './tool.ts'

/** Who may call a route: anyone, or the signed-in owner of what it names (a stranger sees 404). */
export type Role = 'anyone' | 'user'

export interface RouteDefinition {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Express 5 path. `functionId` is a name, an id, or URL-encoded `<environment>/<name>`. */
  readonly path: string
  readonly summary: string
  readonly role: Role
  readonly tag: string
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** Status and body of success; `events` marks an SSE stream whose every `data` is `response`. */
  readonly status: 200 | 201 | 202 | 204
  readonly response?: z.ZodType
  readonly kind?: 'events'
  /** Asked for as `text/event-stream`, the same route stays open and sends these. */
  readonly tail?: z.ZodType
}

const page = pageQuerySchema
const eventQuery = z.object({})
const removed = z.object({}).meta({ id: 'Removed' })

/** Every route of the backend's API. The Express app, the OpenAPI document and the extension's client are made from this table. */
export const routes = {
  getAccount: {
    method: 'GET',
    path: '/account',
    summary: 'Who the access token belongs to',
    role: 'user',
    tag: 'account',
    status: 200,
    response: accountSchema,
  },
  createAccessToken: {
    method: 'POST',
    path: '/access-tokens',
    summary: 'A further access token; its text is in this one answer only',
    role: 'user',
    tag: 'account',
    body: createAccessTokenSchema,
    status: 201,
    response: newAccessTokenSchema,
  },
  listAccessTokens: {
    method: 'GET',
    path: '/access-tokens',
    summary: 'Your access tokens, without their text',
    role: 'user',
    tag: 'account',
    query: page,
    status: 200,
    response: pageOf(accessTokenSchema),
  },
  revokeAccessToken: {
    method: 'DELETE',
    path: '/access-tokens/:tokenId',
    summary: 'Let nobody in with this token any more',
    role: 'user',
    tag: 'account',
    status: 200,
    response: removed,
  },
  watchEvents: {
    method: 'GET',
    path: '/events',
    summary: 'Everything that changes in your gateways, as it happens',
    role: 'user',
    tag: 'account',
    query: eventQuery,
    status: 200,
    response: eventSchema,
    kind: 'events',
  },

  createGateway: {
    method: 'POST',
    path: '/api-gateways',
    summary: 'Create a gateway with its three environments',
    role: 'user',
    tag: 'gateways',
    body: createGatewaySchema,
    status: 202,
    response: gatewaySchema,
  },
  listGateways: {
    method: 'GET',
    path: '/api-gateways',
    summary: 'Your gateways, by name',
    role: 'user',
    tag: 'gateways',
    query: page,
    status: 200,
    response: pageOf(gatewaySchema),
  },
  getGateway: { method: 'GET', path: '/api-gateways/:gatewayId', summary: 'One gateway', role: 'user', tag: 'gateways', status: 200, response: gatewaySchema },
  patchGateway: {
    method: 'PATCH',
    path: '/api-gateways/:gatewayId',
    summary: 'Rename, stop or start a gateway, or switch its pipeline',
    role: 'user',
    tag: 'gateways',
    body: patchGatewaySchema,
    status: 202,
    response: gatewaySchema,
  },
  deleteGateway: {
    method: 'DELETE',
    path: '/api-gateways/:gatewayId',
    summary: 'Delete a gateway with its environments, databases and users',
    role: 'user',
    tag: 'gateways',
    status: 202,
    response: gatewaySchema,
  },
  watchGatewayEvents: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/events',
    summary: 'Everything that changes in one gateway',
    role: 'user',
    tag: 'gateways',
    query: eventQuery,
    status: 200,
    response: eventSchema,
    kind: 'events',
  },
  retryGateway: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/retry',
    summary: 'Try a failing step again now, and forget its attempts',
    role: 'user',
    tag: 'gateways',
    status: 202,
    response: gatewaySchema,
  },

  getEnvironment: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/environments/:environment',
    summary: 'One environment',
    role: 'user',
    tag: 'environments',
    status: 200,
    response: environmentDetailSchema,
  },
  patchEnvironment: {
    method: 'PATCH',
    path: '/api-gateways/:gatewayId/environments/:environment',
    summary: 'Change settings and variables; answers when every runtime goes by them',
    role: 'user',
    tag: 'environments',
    body: patchEnvironmentSchema,
    status: 200,
    response: environmentDetailSchema,
  },

  getPackages: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/packages',
    summary: 'npm packages that the functions of a gateway may import',
    role: 'user',
    tag: 'packages',
    status: 200,
    response: packagesSchema,
  },
  putPackages: {
    method: 'PUT',
    path: '/api-gateways/:gatewayId/packages',
    summary: 'Declare npm packages; answers when they are installed',
    role: 'user',
    tag: 'packages',
    body: putPackagesSchema,
    status: 200,
    response: packagesSchema,
  },

  createFunction: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/functions',
    summary: 'Create a function',
    role: 'user',
    tag: 'functions',
    body: createFunctionSchema,
    status: 201,
    response: functionSchema,
  },
  releaseHold: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/environments/:environment/release-hold',
    summary: 'Let automation deploy to an environment again that a rollback holds',
    role: 'user',
    tag: 'environments',
    body: releaseHoldSchema,
    status: 200,
    response: environmentDetailSchema,
  },
  listFunctions: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions',
    summary: 'Functions of a gateway, by name, without code',
    role: 'user',
    tag: 'functions',
    query: page,
    status: 200,
    response: pageOf(functionSchema),
  },
  getFunction: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions/:functionId',
    summary: 'One function with its code',
    role: 'user',
    tag: 'functions',
    status: 200,
    response: functionSchema,
  },
  saveFunction: {
    method: 'PUT',
    path: '/api-gateways/:gatewayId/functions/:functionId',
    summary: 'Save a function; with ?publish=dev also publish it in the same call',
    role: 'user',
    tag: 'functions',
    query: z.object({ publish: z.literal('dev').optional() }),
    body: saveFunctionSchema,
    status: 200,
    response: savedFunctionSchema,
  },
  deleteFunction: {
    method: 'DELETE',
    path: '/api-gateways/:gatewayId/functions/:functionId',
    summary: 'Remove a function from every environment',
    role: 'user',
    tag: 'functions',
    status: 200,
    response: removed,
  },
  publishFunction: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/functions/:functionId/publish',
    summary: 'Publish the saved code to an environment; answers when it is served',
    role: 'user',
    tag: 'deployments',
    body: publishFunctionSchema,
    status: 200,
    response: deploymentSchema,
  },
  rollbackFunction: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/functions/:functionId/rollback',
    summary: 'Serve a release again that the environment had before, and hold the environment against automation',
    role: 'user',
    tag: 'deployments',
    body: rollbackFunctionSchema,
    status: 200,
    response: deploymentSchema,
  },
  runFunction: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/functions/:functionId/run',
    summary: 'Run code that is not saved once against dev, publishing nothing',
    role: 'user',
    tag: 'functions',
    body: runFunctionSchema,
    status: 200,
    response: runResultSchema,
  },
  promoteFunction: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/functions/:functionId/promote',
    summary: 'Put the release that one environment serves into the next',
    role: 'user',
    tag: 'deployments',
    body: promoteFunctionSchema,
    status: 200,
    response: deploymentSchema,
  },
  deployToStage: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/functions/:functionId/deploy-to-stage',
    summary: 'The same, naming the source in the function: <environment>/<name>',
    role: 'user',
    tag: 'deployments',
    body: deployToStageSchema,
    status: 200,
    response: deploymentSchema,
  },
  listReleases: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions/:functionId/releases',
    summary: 'Releases of a function, newest first, without source',
    role: 'user',
    tag: 'deployments',
    query: page,
    status: 200,
    response: pageOf(releaseSchema),
  },
  getRelease: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions/:functionId/releases/:releaseId',
    summary: 'One release with its source',
    role: 'user',
    tag: 'deployments',
    status: 200,
    response: releaseSchema,
  },
  compareReleases: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions/:functionId/releases/:releaseId/comparison',
    summary: 'What changed from another release to this one',
    role: 'user',
    tag: 'functions',
    query: z.object({ from: z.string() }),
    status: 200,
    response: releaseComparisonSchema,
  },
  listDeployments: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions/:functionId/deployments',
    summary: 'History of a function, newest first',
    role: 'user',
    tag: 'deployments',
    query: page.extend({ environment: environmentNameSchema.optional(), status: z.enum(deploymentStatuses).optional() }),
    status: 200,
    response: pageOf(deploymentSchema),
  },
  listGatewayDeployments: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/deployments',
    summary: 'History of a gateway, newest first',
    role: 'user',
    tag: 'deployments',
    query: page.extend({ environment: environmentNameSchema.optional(), status: z.enum(deploymentStatuses).optional() }),
    status: 200,
    response: pageOf(deploymentSchema),
  },
  listLogs: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions/:functionId/logs',
    summary: 'What the function logged, newest first; as an event stream, what it logs from now on',
    role: 'user',
    tag: 'logs',
    query: logQuerySchema,
    status: 200,
    response: pageOf(logEntrySchema),
    tail: logTailEventSchema,
  },
  listGatewayLogs: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/logs',
    summary: 'What the functions of a gateway logged, newest first; as an event stream, what they log from now on',
    role: 'user',
    tag: 'logs',
    query: logQuerySchema,
    status: 200,
    response: pageOf(logEntrySchema),
    tail: logTailEventSchema,
  },

  createApplication: {
    method: 'POST',
    path: '/applications',
    summary: 'Create an application that will call gateways',
    role: 'user',
    tag: 'applications',
    body: createApplicationSchema,
    status: 201,
    response: applicationSchema,
  },
  listApplications: {
    method: 'GET',
    path: '/applications',
    summary: 'Your applications with their grants, by name',
    role: 'user',
    tag: 'applications',
    query: page,
    status: 200,
    response: pageOf(applicationSchema),
  },
  deleteApplication: {
    method: 'DELETE',
    path: '/applications/:applicationId',
    summary: 'Revoke every grant of an application and remove it',
    role: 'user',
    tag: 'applications',
    status: 200,
    response: removed,
  },
  createGrant: {
    method: 'POST',
    path: '/application-grants',
    summary: 'Grant an application one environment; the key is in this answer only',
    role: 'user',
    tag: 'applications',
    body: createGrantSchema,
    status: 201,
    response: newGrantSchema,
  },
  revokeGrant: {
    method: 'DELETE',
    path: '/application-grants/:grantId',
    summary: 'Revoke a grant; answers when every runtime refuses the key',
    role: 'user',
    tag: 'applications',
    status: 200,
    response: grantSchema,
  },

  createTool: {
    method: 'POST',
    path: '/ai-gateway/mcp-tools',
    summary: 'Offer a function as an MCP tool',
    role: 'user',
    tag: 'tools',
    body: createToolSchema,
    status: 201,
    response: toolSchema,
  },
  listTools: {
    method: 'GET',
    path: '/ai-gateway/mcp-tools',
    summary: 'Your MCP tools, by name',
    role: 'user',
    tag: 'tools',
    query: page.extend({ gatewayId: z.string().optional() }),
    status: 200,
    response: pageOf(toolSchema),
  },
  deleteTool: {
    method: 'DELETE',
    path: '/ai-gateway/mcp-tools/:toolId',
    summary: 'Withdraw an MCP tool',
    role: 'user',
    tag: 'tools',
    status: 200,
    response: removed,
  },
} as const satisfies Record<string, RouteDefinition>

export type Routes = typeof routes
export type RouteName = keyof Routes

type PathParams<Path extends string> = Path extends `${string}:${infer Param}/${infer Rest}`
  ? Param | PathParams<`/${Rest}`>
  : Path extends `${string}:${infer Param}`
    ? Param
    : never
export type RouteParams<Name extends RouteName> = Record<PathParams<Routes[Name]['path']>, string>
export type RouteQuery<Name extends RouteName> = Routes[Name] extends { query: infer Query extends z.ZodType } ? z.infer<Query> : Record<never, never>
export type RouteQueryInput<Name extends RouteName> = Routes[Name] extends { query: infer Query extends z.ZodType } ? z.input<Query> : Record<never, never>
export type RouteBody<Name extends RouteName> = Routes[Name] extends { body: infer Body extends z.ZodType } ? z.infer<Body> : undefined
export type RouteBodyInput<Name extends RouteName> = Routes[Name] extends { body: infer Body extends z.ZodType } ? z.input<Body> : undefined
export type RouteResponse<Name extends RouteName> = Routes[Name] extends { response: infer Response extends z.ZodType } ? z.infer<Response> : undefined

/** Fills a route's path: every parameter is URL-encoded, so `dev/calculateTax` stays one segment. */
export function routePath<Name extends RouteName>(name: Name, params: RouteParams<Name>): string {
  return routes[name].path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent((params as Record<string, string>)[key] ?? ''))
}
