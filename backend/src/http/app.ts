import { ImprunError, type RouteDefinition, routes } from '@imprun/contracts'
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express'
import type { Log } from '../platform/log.ts'
import { type ApiDeps, createApiRouter } from './api-routes.ts'
import { createDocsRouter } from './docs.ts'
import { createHealthRouter, type Readiness } from './health.ts'
import { createHostCheck } from './host-check.ts'
import { sendProblem, shuttingDown, toImprunError } from './problems.ts'
import { contextOf, createRequestContext } from './request-context.ts'
import { setSecurityHeaders } from './security-headers.ts'

/** Served beside the API under its own rules, for example the MCP endpoint. */
export interface Mount {
  path: string
  handler: RequestHandler
}

export interface AppDeps extends ApiDeps {
  mounts: readonly Mount[]
  readiness: Readiness
  allowedHosts: readonly string[]
  /** Fires when requests in flight are not waited for any longer. */
  stopping: AbortSignal
  isClosing(): boolean
}

export function createApp(deps: AppDeps): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('case sensitive routing', true)
  app.use(createRequestContext(deps), setSecurityHeaders, createHostCheck(deps.allowedHosts))
  app.use(createHealthRouter(deps.readiness))
  app.use(refuseWhileClosing(deps.isClosing))
  app.use(createDocsRouter())
  for (const { path, handler } of deps.mounts) app.use(path, handler)
  app.use(createApiRouter(deps), createMethodCheck(), refuseUnknown, createErrorHandler(deps.log))
  return app
}

const refuseWhileClosing =
  (isClosing: () => boolean): RequestHandler =>
  (_req, res, next) => {
    if (!isClosing()) return next()
    res.set('connection', 'close')
    next(shuttingDown())
  }

/** Known paths under other methods. */
function createMethodCheck(): Router {
  const router = Router({ caseSensitive: true })
  const methods = Map.groupBy(Object.values(routes) as RouteDefinition[], ({ path }) => path)
  for (const [path, those] of methods) {
    const allow = those.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
    router.all(path, (req, res) => {
      res.set('allow', allow)
      throw new ImprunError('METHOD_NOT_ALLOWED', `${req.method} is not possible here. Possible: ${allow}.`)
    })
  }
  return router
}

function refuseUnknown(req: Request): never {
  throw new ImprunError('ROUTE_NOT_FOUND', `There is nothing at ${req.path.slice(0, 200)}. The API is described at /docs.`)
}

const createErrorHandler =
  (log: Log) =>
  // Express knows an error handler by its four parameters.
  (thrown: unknown, req: Request, res: Response, _next: NextFunction): void => {
    const { requestId } = contextOf(req)
    sendProblem(res, toImprunError(thrown, log.child({ requestId })), requestId)
  }
