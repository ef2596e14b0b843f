import { errorCodes, type RouteDefinition, type RouteName, type RouteQuery, routes } from '@imprun/contracts'
import { type Request, type Response, Router } from 'express'
import type { AccountStore, SignedIn } from '../accounts/account-store.ts'
import type { AuditStore } from '../audit/audit-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { readBody } from './body.ts'
import { type ApiRequest, type EventRouteName, type Handlers, isAccepted, type RequestRouteName } from './handlers.ts'
import type { Idempotency } from './idempotency.ts'
import type { KeptAnswer } from './idempotency-store.ts'
import { type Input, parseInput } from './input.ts'
import { sendProblem, toImprunError } from './problems.ts'
import { contextOf } from './request-context.ts'
import { signIn } from './sign-in.ts'

/** Answers the routes that stay open. Throws before the first byte, or ends the stream itself. */
export type EventHandlers = {
  [Name in EventRouteName]: (request: EventRequest<Name>, res: Response) => Promise<void>
}
export interface EventRequest<Name extends EventRouteName> {
  params: Record<string, string>
  query: RouteQuery<Name>
  /** The id of the last event that a caller who comes back has seen. */
  lastEventId: string | undefined
  userId: string
  signal: AbortSignal
}

export interface ApiDeps {
  handlers: Handlers
  events: EventHandlers
  accounts: Pick<AccountStore, 'findByToken'>
  audit: AuditStore
  idempotency: Idempotency
  clock: Clock
  log: Log
}

/** What is known of one call so far; the audit record is made of it, whatever happens. */
interface Call {
  name: RouteName
  route: RouteDefinition
  req: Request
  res: Response
  facts: Record<string, unknown>
  caller?: SignedIn
}

/** Every route of the contracts' table, in its order. */
export function createApiRouter(deps: ApiDeps): Router {
  const router = Router({ caseSensitive: true })
  for (const [name, route] of Object.entries(routes) as [RouteName, RouteDefinition][]) {
    const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete'
    router[method](route.path, (req, res) => answer(deps, { name, route, req, res, facts: {} }))
  }
  return router
}

async function answer(deps: ApiDeps, call: Call): Promise<void> {
  const { req, res } = call
  const { requestId } = contextOf(req)
  try {
    call.caller = await signIn(deps.accounts, req.headers.authorization)
    if (staysOpen(call)) return await answerEvents(deps, call, call.caller)
    const { status, body } = await carryOut(deps, call, call.caller)
    await record(deps, call, status)
    if (status === 204) res.status(status).end()
    else res.status(status).json(body)
  } catch (thrown) {
    const error = toImprunError(thrown, deps.log.child({ requestId, route: call.name }))
    // Without MongoDB there is nowhere to write, and the caller has waited long enough.
    if (error.code !== 'DATABASE_UNAVAILABLE') await record(deps, call, errorCodes[error.code].status, error.code)
    sendProblem(res, error, requestId)
  }
}

async function answerEvents({ events }: ApiDeps, { name, route, req, res }: Call, { account }: SignedIn): Promise<void> {
  const { params, query } = parseInput(route, rawInput(req, undefined))
  const request = { params, query, lastEventId: req.get('last-event-id'), userId: account.userId, signal: contextOf(req).signal }
  // As in `carryOut`: one table of functions of many types, and input that the same route's schemas have parsed.
  await events[name as EventRouteName](request as EventRequest<EventRouteName> as never, res)
}

async function carryOut({ handlers, idempotency }: ApiDeps, call: Call, { account }: SignedIn): Promise<KeptAnswer> {
  const { name, route, req, res, facts } = call
  const { requestId, receivedAtMs, signal } = contextOf(req)
  const input = parseInput(route, rawInput(req, route.body ? await readBody(req, res) : undefined))
  // One table holds functions of as many types as there are routes; the input was parsed by the schemas that these types come from.
  const handler = handlers[name as RequestRouteName] as unknown as (request: ApiRequest<'listGateways'>) => Promise<unknown>
  const request = { ...input, account, requestId, receivedAtMs, signal, audit: (more: Record<string, unknown>) => void Object.assign(facts, more) }
  const work = async (callId?: string): Promise<KeptAnswer> => {
    const body = await handler({ ...request, ...(callId === undefined ? {} : { callId }) } as unknown as ApiRequest<'listGateways'>)
    return { status: route.alsoAccepted && isAccepted(body) ? 202 : route.status, body }
  }
  const key = isMutating(route) ? req.get('idempotency-key') : undefined
  if (key === undefined) return work()
  const kept = await idempotency.once({ ownerId: account.userId, key, route: name, input, signal }, work)
  if (kept.isReplay) {
    facts.isReplay = true
    res.set('idempotent-replayed', 'true')
  }
  return kept
}

const rawInput = (req: Request, body: unknown): Input => ({ params: req.params as Record<string, string>, query: req.query, body })
const staysOpen = ({ route, req }: Call) =>
  route.kind === 'events' || (route.tail !== undefined && (req.get('accept') ?? '').toLowerCase().includes('text/event-stream'))
const isMutating = (route: RouteDefinition) => route.method !== 'GET'

/** Written before the answer leaves. A record that cannot be written is logged and does not turn a done thing into a failure. */
async function record({ audit, clock, log }: ApiDeps, call: Call, status: number, code?: string): Promise<void> {
  const { name, route, req, facts, caller } = call
  if (!isMutating(route)) return
  const { requestId } = contextOf(req)
  const who = caller ? { userId: caller.account.userId, actor: caller.account.name, tokenId: caller.tokenId } : {}
  const what = { route: name, method: route.method, params: { ...req.params } as Record<string, string>, facts, status, ...(code ? { code } : {}) }
  try {
    await audit.append({ ...who, ip: req.socket.remoteAddress ?? '', ...what, requestId, at: clock.now() })
  } catch (error) {
    log.error({ error, requestId, route: name, status, audit: facts }, 'An audit record could not be written')
  }
}
