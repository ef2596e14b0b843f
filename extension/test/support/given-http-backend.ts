import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ErrorCode, type ImprunEvent, toProblem } from '@imprun/contracts'

export interface Call {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}
type Answer = { status?: number; json: unknown } | { problem: ErrorCode; detail?: string; facts?: Record<string, unknown> } | 'hang up'
type Route = (call: Call) => Answer | Promise<Answer>

export interface HttpBackend extends AsyncDisposable {
  readonly apiUrl: string
  readonly calls: Call[]
  /** @param route method and path, for example `GET /account` */
  on(route: string, answer: Route): void
  /** Sends an event to every stream that is open. */
  send(event: ImprunEvent): void
  /** How many event streams are open, and how many ever were. */
  streams(): { open: number; total: number }
  /** Cuts every event stream. */
  cutStreams(): void
}

/** A server that speaks the API's forms and holds no state of its own: what the client makes of answers is tested, not the backend. */
export async function givenHttpBackend(): Promise<HttpBackend> {
  const routes = new Map<string, Route>()
  const calls: Call[] = []
  const open = new Set<ServerResponse>()
  let total = 0
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const route = routes.get(`${request.method} ${url.pathname}`)
    if (!route && url.pathname === '/events') {
      total++
      open.add(response)
      response.on('close', () => open.delete(response))
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"type":"hello"}\n\n')
      return
    }
    const call = { method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers, body: await readBody(request) }
    calls.push(call)
    reply(response, route ? await route(call) : { problem: 'ROUTE_NOT_FOUND' })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    on: (route, answer) => void routes.set(route, answer),
    send: (event) => {
      for (const stream of open) stream.write(`data: ${JSON.stringify(event)}\n\n`)
    },
    streams: () => ({ open: open.size, total }),
    cutStreams: () => {
      for (const stream of open) stream.destroy()
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks = await Array.fromAsync(request)
  const text = Buffer.concat(chunks as Buffer[]).toString()
  return text ? JSON.parse(text) : undefined
}

function reply(response: ServerResponse, answer: Answer): void {
  if (answer === 'hang up') return void response.destroy()
  if ('problem' in answer) {
    const problem = toProblem(answer.problem, answer.detail ?? answer.problem, 'request-1', { facts: answer.facts })
    response.writeHead(problem.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
    return
  }
  response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer.json))
}
