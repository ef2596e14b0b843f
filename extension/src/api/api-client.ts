import type { RouteBodyInput, RouteDefinition, RouteName, RouteParams, RouteQueryInput, RouteResponse } from '@imprun/contracts'
import { ImprunError } from '@imprun/contracts/errors'
import type { z } from 'zod'
import { backendUnreachable, readProblem } from './problems.ts'

/** Where a backend is, and what opens it. Read anew for every call, because a restart may move it. */
export interface ApiTarget {
  readonly apiUrl: string
  readonly token: string
}

type Part<Key extends string, Value> = keyof Value extends never ? { [K in Key]?: never } : { [K in Key]: Value }
type OptionalPart<Key extends string, Value> = keyof Value extends never ? { [K in Key]?: never } : { [K in Key]?: Partial<Value> }
type BodyPart<Name extends RouteName> = RouteBodyInput<Name> extends undefined ? { body?: never } : { body: RouteBodyInput<Name> }

/** What a call of one route takes; made from the contracts' route table. */
export type CallInput<Name extends RouteName> = Part<'params', RouteParams<Name>> &
  OptionalPart<'query', RouteQueryInput<Name>> &
  BodyPart<Name> & {
    signal?: AbortSignal
    idempotencyKey?: string
    /** For answers that may take longer than most. */
    timeoutMs?: number
  }

export interface ApiClient {
  /**
   * Calls one route and answers its parsed body.
   * @throws ImprunError with the backend's code; BACKEND_UNREACHABLE when no answer came.
   */
  call<Name extends RouteName>(name: Name, input: CallInput<Name>): Promise<RouteResponse<Name>>
}

interface LooseInput {
  params?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  signal?: AbortSignal
  idempotencyKey?: string
  timeoutMs?: number
}

// Longer than a publish may take to be acknowledged; a backend that is silent for so long will not answer.
const answerTimeoutMs = 60_000

export function createApiClient(target: () => ApiTarget, fetchLike: typeof fetch = fetch): ApiClient {
  return {
    async call(name, input) {
      // Loaded with the first call: the table stands on every schema there is, and making them would be most of what the extension's start takes.
      const { routePath, routes } = await import('@imprun/contracts/routes/routes')
      const route: RouteDefinition = routes[name]
      const path = routePath(name, ((input as LooseInput).params ?? {}) as RouteParams<typeof name>)
      const request = toRequest(route.method, path, input as LooseInput, target())
      const response = await send(fetchLike, request, target().apiUrl)
      if (!response.ok) throw await readProblem(response)
      if (!route.response) return undefined as never
      return (await readAnswer(response, route.response)) as never
    },
  }
}

function toRequest(method: RouteDefinition['method'], path: string, input: LooseInput, { apiUrl, token }: ApiTarget): Request {
  const url = new URL(path, apiUrl)
  for (const [key, value] of Object.entries(input.query ?? {})) if (value !== undefined) url.searchParams.set(key, String(value))
  const headers = new Headers({ accept: 'application/json', authorization: `Bearer ${token}` })
  if (input.body !== undefined) headers.set('content-type', 'application/json')
  if (input.idempotencyKey) headers.set('idempotency-key', input.idempotencyKey)
  const timeout = AbortSignal.timeout(input.timeoutMs ?? answerTimeoutMs)
  return new Request(url, {
    method,
    headers,
    signal: input.signal ? AbortSignal.any([input.signal, timeout]) : timeout,
    ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
  })
}

async function send(fetchLike: typeof fetch, request: Request, apiUrl: string): Promise<Response> {
  try {
    return await fetchLike(request)
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'AbortError') throw cause
    throw backendUnreachable(apiUrl, cause)
  }
}

async function readAnswer(response: Response, schema: z.ZodType): Promise<unknown> {
  const parsed = schema.safeParse(await response.json().catch(() => undefined))
  if (parsed.success) return parsed.data
  throw new ImprunError('INTERNAL', 'The backend answered in a form that this extension does not know. Update the older of the two.', { cause: parsed.error })
}
