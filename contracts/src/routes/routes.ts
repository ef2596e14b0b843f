import type { z } from 'zod'
import { accountRoutes } from './account.ts'
import { applicationRoutes } from './applications.ts'
import { approvalRoutes } from './approvals.ts'
import { auditRoutes } from './audit.ts'
import { canaryRoutes } from './canaries.ts'
import { deploymentRoutes } from './deployments.ts'
import { environmentRoutes } from './environments.ts'
import { functionRoutes } from './functions.ts'
import { gatewayRoutes } from './gateways.ts'
import { logRoutes } from './logs.ts'
import { memberRoutes } from './members.ts'
import { notifierRoutes } from './notifiers.ts'
import { packageRoutes } from './packages.ts'
import { regionRoutes } from './regions.ts'
import type { RouteDefinition } from './route-definition.ts'
import { toolRoutes } from './tools.ts'

/** Every route of the backend's API. The Express app, the OpenAPI document and the extension's client are made from this table. */
export const routes = {
  ...accountRoutes,
  ...regionRoutes,
  ...gatewayRoutes,
  ...memberRoutes,
  ...environmentRoutes,
  ...packageRoutes,
  ...functionRoutes,
  ...deploymentRoutes,
  ...canaryRoutes,
  ...approvalRoutes,
  ...logRoutes,
  ...applicationRoutes,
  ...toolRoutes,
  ...notifierRoutes,
  ...auditRoutes,
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
