import {
  type Problem,
  type RouteBodyInput,
  type RouteName,
  type RouteParams,
  type RouteQueryInput,
  type RouteResponse,
  routePath,
  routes,
} from '@imprun/contracts'

type Field<Key extends string, Value> = keyof Value extends never ? { [K in Key]?: Value } : { [K in Key]: Value }

/** What a route asks for: what its path, query and body need, and nothing else. */
export type Ask<Name extends RouteName> = Field<'params', RouteParams<Name>> &
  (RouteBodyInput<Name> extends undefined ? { body?: undefined } : { body: RouteBodyInput<Name> }) & {
    query?: Partial<RouteQueryInput<Name>>
    headers?: Record<string, string>
    signal?: AbortSignal
  }
type Asks<Name extends RouteName> = Record<never, never> extends Ask<Name> ? [ask?: Ask<Name>] : [ask: Ask<Name>]

export interface Answer<Body> {
  status: number
  headers: Headers
  body: Body
}

export class ProblemError extends Error {
  readonly problem: Problem
  readonly headers: Headers
  constructor(problem: Problem, headers: Headers) {
    super(`${problem.code}: ${problem.detail}`)
    this.problem = problem
    this.headers = headers
  }
}

export interface Api {
  /** @throws ProblemError */
  call<Name extends RouteName>(name: Name, ...ask: Asks<Name>): Promise<RouteResponse<Name>>
  /** The same with status and headers. @throws ProblemError */
  ask<Name extends RouteName>(name: Name, ...ask: Asks<Name>): Promise<Answer<RouteResponse<Name>>>
  /** @returns the problem that the call ends with. @throws Error when it succeeds. */
  refusal<Name extends RouteName>(name: Name, ...ask: Asks<Name>): Promise<Problem>
  /** Anything at all, signed in. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  withToken(token: string): Api
}

export function createApi(apiUrl: string, token: string): Api {
  const send = async (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, apiUrl), { ...init, headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) } })

  const ask: Api['ask'] = async (name, ...[asked]) => {
    const { params = {}, query = {}, body, headers = {}, signal } = (asked ?? {}) as Ask<'saveFunction'>
    const search = new URLSearchParams(Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]))
    const response = await send(`${routePath(name, params as never)}${search.size > 0 ? `?${search}` : ''}`, {
      method: routes[name].method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
    const content = response.status === 204 ? undefined : await response.json()
    if (!response.ok) throw new ProblemError(content as Problem, response.headers)
    return { status: response.status, headers: response.headers, body: content as never }
  }

  return {
    ask,
    call: async (name, ...asked) => (await ask(name, ...asked)).body,
    async refusal(name, ...asked) {
      try {
        const { status } = await ask(name, ...asked)
        throw new Error(`${name} was expected to be refused, but answered ${status}.`)
      } catch (error) {
        if (error instanceof ProblemError) return error.problem
        throw error
      }
    },
    fetch: send,
    withToken: (other) => createApi(apiUrl, other),
  }
}
