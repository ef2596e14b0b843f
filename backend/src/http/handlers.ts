import type { RouteBody, RouteName, RouteParams, RouteQuery, RouteResponse, Routes } from '@imprun/contracts'

type StreamRouteName = { [Name in RouteName]: Routes[Name] extends { kind: 'events' } ? Name : never }[RouteName]
type TailRouteName = { [Name in RouteName]: Routes[Name] extends { tail: object } ? Name : never }[RouteName]
/** Routes that stay open and send events, some of them only when they are asked to. */
export type EventRouteName = StreamRouteName | TailRouteName
export type RequestRouteName = Exclude<RouteName, StreamRouteName>

export interface Caller {
  userId: string
  name: string
  /** A service token: no person stands behind what is asked. */
  isAutomation?: boolean
}

export interface ApiRequest<Name extends RouteName> {
  params: RouteParams<Name>
  query: RouteQuery<Name>
  body: RouteBody<Name>
  account: Caller
  requestId: string
  /** Of a call with an Idempotency-Key: when it is begun again because the backend was killed, what it has done is found by this. */
  callId?: string
  /** `clock.monotonicMs()` when the request arrived. */
  receivedAtMs: number
  /** Fires when the caller hangs up or the backend stops. */
  signal: AbortSignal
  /** Adds facts to the audit record of this request. Never a secret, never code. */
  audit(facts: Record<string, unknown>): void
}

/** Handed on as it is, and answered with 202 by a route that says so: what was asked for goes on, or waits, and the document tells how far it is. */
export function accepted<Body extends object>(body: Body): Body {
  acceptedBodies.add(body)
  return body
}
const acceptedBodies = new WeakSet<object>()
export const isAccepted = (body: unknown): boolean => typeof body === 'object' && body !== null && acceptedBodies.has(body)

/** One function per route. What it throws is answered as a problem: an ImprunError as it is, anything else as INTERNAL. */
export type Handlers = { [Name in RequestRouteName]: (request: ApiRequest<Name>) => Promise<RouteResponse<Name>> }
