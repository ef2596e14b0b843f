import { randomBytes } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { httpMethods } from '@imprun/contracts'
import type { Credential } from '../access/credentials.ts'
import type { Directory } from '../directory.ts'
import type { Environment, FunctionEntry } from '../environment.ts'
import type { Supervisor } from '../supervision/supervisor.ts'
import { HttpCall } from './http-call.ts'
import { sendProblem } from './problems.ts'
import { type RequestHead, readRequestHead } from './request-head.ts'

// A worker ends what takes too long by itself and says why in the log; the front's own clock is for the workers that can not.
const deadlineGraceMs = 100
const methodsDefault: readonly string[] = httpMethods

export interface RequestHandler {
  readonly onRequest: RequestListener
  /** For a request that waits for permission to send its body. */
  readonly onCheckContinue: RequestListener
  /** Requests that were let in and are not answered yet. */
  readonly openCount: number
  newRequestId(): string
  /** From now on each answer is the last one of its connection. */
  closeConnections(): void
}

/** One request: find the environment, ask for the key, find the function, gather the body, hand over. Each refusal is a problem document. */
export function createRequestHandler({ directory, supervisor }: { directory: Directory; supervisor: Pick<Supervisor, 'dispatch'> }): RequestHandler {
  // A counter behind a random beginning: as unique as a UUID and cheaper; the caller's own x-request-id is not trusted to be either.
  const prefix = randomBytes(8).toString('hex')
  let requestCount = 0
  let openCount = 0
  let isClosing = false
  const newRequestId = (): string => {
    requestCount += 1
    return `${prefix}-${requestCount.toString(36)}`
  }
  const onDone = (): void => {
    openCount -= 1
  }

  const run = (admitted: Admitted, body: string): void => {
    const { environment, entry, request, response, requestId } = admitted
    const call = new HttpCall({
      environment,
      entry,
      meta: metaOf(admitted),
      body,
      deadlineAtMs: admitted.arrivedAtMs + environment.timeoutMsOf(entry.limits) + deadlineGraceMs,
      response,
      requestId,
      onDone,
    })
    openCount += 1
    // Also fires after an ordinary end; then there is nobody left to tell.
    response.once('close', () => call.onAbandoned())
    if (request.destroyed && !request.complete) call.onAbandoned()
    else supervisor.dispatch(environment, call)
  }

  const handle = (request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void => {
    const arrivedAtMs = performance.now()
    const requestId = newRequestId()
    if (isClosing) response.shouldKeepAlive = false
    const head = readRequestHead(request.rawHeaders)
    if (head.hasRepeated) return sendProblem(response, 'REQUEST_INVALID', requestId)
    const target = readTarget(request.url as string, head)
    if (target === undefined) return sendProblem(response, 'REQUEST_INVALID', requestId)
    const found = directory.find(target.host, target.url)
    if (found.is === 'healthz') return sendHealth(response, requestId)
    if (found.is === 'unknown') return sendProblem(response, found.code, requestId)
    const { environment, path } = found
    const credential = environment.authType === 'none' ? undefined : environment.credentials.find(head.apikey, Date.now())
    if (environment.authType !== 'none' && credential === undefined) return sendProblem(response, 'API_KEY_REQUIRED', requestId)
    const entry = environment.functions.get(functionNameOf(path))
    if (entry === undefined) return sendProblem(response, 'FUNCTION_NOT_FOUND', requestId)
    const method = request.method as string
    if (!takesMethod(entry, method)) return refuseMethod(response, entry, method, requestId)
    const admitted: Admitted = { environment, entry, credential, path, head, request, response, requestId, arrivedAtMs }
    if (!head.hasBody) return run(admitted, '')
    const bytesMax = environment.bodyBytesMaxOf(entry.limits)
    if (head.contentLength !== undefined && head.contentLength > bytesMax) return sendProblem(response, 'BODY_TOO_LARGE', requestId)
    if (awaitsContinue) response.writeContinue()
    gatherBody(admitted, bytesMax, run)
  }

  return {
    onRequest: (request, response) => handle(request, response, false),
    onCheckContinue: (request, response) => handle(request, response, true),
    get openCount() {
      return openCount
    },
    newRequestId,
    closeConnections() {
      isClosing = true
    },
  }
}

interface Admitted {
  environment: Environment
  entry: FunctionEntry
  credential: Credential | undefined
  path: string
  head: RequestHead
  request: IncomingMessage
  response: ServerResponse
  requestId: string
  arrivedAtMs: number
}

/** CallMeta lines (frames.ts). */
function metaOf({ request, path, requestId, credential, head }: Admitted): string {
  const ip = request.socket.remoteAddress ?? ''
  return `${request.method}\n${path}\n${requestId}\n${ip}\n${credential?.id ?? ''}\n${credential?.applicationName ?? ''}${head.lines}`
}

/** The whole path is the function's name; one slash at its end is forgiven. */
function functionNameOf(path: string): string {
  const queryAt = path.indexOf('?')
  const end = queryAt < 0 ? path.length : queryAt
  return path.slice(1, end > 1 && path.charCodeAt(end - 1) === 47 ? end - 1 : end)
}

/** A request may name its target by path or, as through a proxy, by a whole address (RFC 9112, 3.2.2), which then says the host. */
function readTarget(url: string, head: RequestHead): { host: string | undefined; url: string } | undefined {
  if (url.charCodeAt(0) === 47) return { host: head.host, url }
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined
  const address = new URL(url)
  return { host: address.host, url: address.pathname + address.search }
}

/** HEAD is a GET whose body stays here. */
function takesMethod(entry: FunctionEntry, method: string): boolean {
  const methods = entry.methods ?? methodsDefault
  return methods.includes(method === 'HEAD' ? 'GET' : method)
}
function refuseMethod(response: ServerResponse, entry: FunctionEntry, method: string, requestId: string): void {
  const methods = entry.methods ?? methodsDefault
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
  if (method !== 'OPTIONS') return sendProblem(response, 'METHOD_NOT_ALLOWED', requestId, ['allow', allow])
  response.writeHead(204, ['allow', allow, 'x-request-id', requestId])
  response.end()
}

function sendHealth(response: ServerResponse, requestId: string): void {
  response.writeHead(200, ['content-type', 'text/plain; charset=utf-8', 'x-request-id', requestId, 'content-length', '2'])
  response.end('ok')
}

/** Bodies are kept as latin1 strings, one character a byte: they go into a frame as they came and nothing decodes them here. */
function gatherBody(admitted: Admitted, bytesMax: number, onBody: (admitted: Admitted, body: string) => void): void {
  const { request, response, requestId } = admitted
  let body = ''
  let isRefused = false
  request.on('data', (chunk: Buffer) => {
    if (isRefused) return
    if (body.length + chunk.length > bytesMax) {
      // What still comes is read and dropped, so that the caller gets to read the answer; the server's request timeout bounds it.
      isRefused = true
      body = ''
      sendProblem(response, 'BODY_TOO_LARGE', requestId)
    } else body += chunk.toString('latin1')
  })
  request.on('end', () => {
    if (!isRefused) onBody(admitted, body)
  })
}
