import { randomBytes } from 'node:crypto'
import { httpMethods } from '@imprun/contracts'
import type { Credential } from '../access/credentials.ts'
import { callerOf, chooseSide } from '../canary/choose-side.ts'
import type { Directory } from '../directory.ts'
import type { Environment, FunctionEntry } from '../environment.ts'
import type { Readiness } from '../readiness.ts'
import { answerRun } from '../runs/answer-run.ts'
import type { Runs } from '../runs/runs.ts'
import type { CallStats } from '../stats/call-stats.ts'
import type { Supervisor } from '../supervision/supervisor.ts'
import { toAnswerHead } from './answer-head.ts'
import type { ReadOrigin } from './caller-origin.ts'
import type { EdgeReply, EdgeRequest } from './exchange/exchange.ts'
import { sendHealth, sendReadiness } from './health.ts'
import { HttpCall } from './http-call.ts'
import { sendProblem } from './problems.ts'
import type { RequestHead } from './request-head.ts'

// A worker ends what takes too long by itself and says why in the log; the front's own clock is for the workers that can not.
const deadlineGraceMs = 100
const methodsDefault: readonly string[] = httpMethods

export interface RequestHandler {
  onRequest(request: EdgeRequest, reply: EdgeReply): void
  /** For a request that waits for permission to send its body. */
  onCheckContinue(request: EdgeRequest, reply: EdgeReply): void
  /** Requests that were let in and are not answered yet. */
  readonly openCount: number
  newRequestId(): string
  /** From now on each answer is the last one of its connection. */
  closeConnections(): void
}

/** One request: find the environment, ask for the key, find the function, gather the body, hand over. Each refusal is a problem document. */
export function createRequestHandler(ports: {
  directory: Directory
  supervisor: Pick<Supervisor, 'dispatch'>
  runs: Runs
  stats: Pick<CallStats, 'count'>
  readiness(): Readiness
  readOrigin: ReadOrigin
}): RequestHandler {
  const { directory, supervisor, runs, stats, readiness, readOrigin } = ports
  // A counter behind a random beginning: as unique as a UUID and cheaper; the caller's own x-request-id is not trusted to be either.
  const prefix = randomBytes(8).toString('hex')
  let requestCount = 0
  let openCount = 0
  let isClosing = false
  const newRequestId = (): string => {
    requestCount += 1
    return `${prefix}-${requestCount.toString(36)}`
  }
  const onDone = (call: HttpCall, status: number): void => {
    const { environment, entry, arrivedAtMs } = call
    openCount -= 1
    entry.tally?.open.delete(call)
    stats.count(environment, entry, status >= 500, performance.now() - arrivedAtMs)
  }

  const run = (admitted: Admitted, body: string): void => {
    const { environment, entry, request, reply, requestId } = admitted
    const call = new HttpCall({
      environment,
      entry,
      meta: metaOf(admitted),
      body,
      arrivedAtMs: admitted.arrivedAtMs,
      deadlineAtMs: admitted.arrivedAtMs + environment.timeoutMsOf(entry.limits) + deadlineGraceMs,
      reply,
      requestId,
      onDone,
    })
    openCount += 1
    entry.tally?.open.add(call)
    // Also fires after an ordinary end; then there is nobody left to tell.
    reply.listener = call
    if (request.isAborted) call.onGone()
    else supervisor.dispatch(environment, call)
  }

  const onBody = (admitted: Admitted, body: string | undefined): void => {
    if (body === undefined) sendProblem(admitted.reply, 'BODY_TOO_LARGE', admitted.requestId)
    else run(admitted, body)
  }

  const handle = (request: EdgeRequest, reply: EdgeReply, awaitsContinue: boolean): void => {
    const arrivedAtMs = performance.now()
    const requestId = newRequestId()
    if (isClosing) reply.closeAfter()
    const { head } = request
    const target = isPlain(request) ? readTarget(request.url, head) : undefined
    if (target === undefined) return refuseUnclear(reply, requestId)
    const found = directory.find(target.host, target.url)
    if (found.is === 'healthz') return sendHealth(reply, requestId)
    if (found.is === 'readyz') return sendReadiness(reply, requestId, readiness())
    if (found.is === 'unknown') return sendProblem(reply, found.code, requestId)
    const { environment, path } = found
    if (head.run !== undefined) return answerRun(runs, environment, head.run, reply, requestId)
    const credential = environment.authType === 'none' ? undefined : environment.credentials.find(head.apikey, Date.now())
    if (environment.authType !== 'none' && credential === undefined) return sendProblem(reply, 'API_KEY_REQUIRED', requestId)
    const stable = environment.functions.get(functionNameOf(path))
    if (stable === undefined) return sendProblem(reply, 'FUNCTION_NOT_FOUND', requestId)
    const { canary } = stable
    const origin = readOrigin(request.ip, head.lines)
    const entry = canary === undefined ? stable : chooseSide(stable, canary, callerOf(credential?.id, origin, head.lines))
    const { method } = request
    if (!takesMethod(entry, method)) return refuseMethod(reply, entry, method, requestId)
    const admitted: Admitted = { environment, entry, credential, path, head, origin, request, reply, requestId, arrivedAtMs }
    if (!head.hasBody) return run(admitted, '')
    const bytesMax = environment.bodyBytesMaxOf(entry.limits)
    if (head.contentLength !== undefined && head.contentLength > bytesMax) return sendProblem(reply, 'BODY_TOO_LARGE', requestId)
    if (awaitsContinue) reply.writeContinue()
    // What still comes of a body that is too long is read and dropped, so that the caller gets to read the answer; the server's request timeout bounds it.
    request.readBody(bytesMax, onBody, admitted)
  }

  return {
    onRequest: (request, reply) => handle(request, reply, false),
    onCheckContinue: (request, reply) => handle(request, reply, true),
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
  origin: string
  request: EdgeRequest
  reply: EdgeReply
  requestId: string
  arrivedAtMs: number
}

/** CallMeta lines (frames.ts). */
function metaOf({ request, path, requestId, origin, credential, head }: Admitted): string {
  return `${request.method}\n${path}\n${requestId}\n${origin}\n${credential?.id ?? ''}\n${credential?.applicationName ?? ''}${head.lines}`
}

/** The whole path is the function's name; one slash at its end is forgiven. */
function functionNameOf(path: string): string {
  const queryAt = path.indexOf('?')
  const end = queryAt < 0 ? path.length : queryAt
  return path.slice(1, end > 1 && path.charCodeAt(end - 1) === 47 ? end - 1 : end)
}

const hostPattern = /^[\w.~!$&'()*+;=%:[\]-]*$/

/** Of a version whose rules are followed here, and with one meaning only. Chunks are unknown to HTTP/1.0, so another reader may not have seen any. */
function isPlain({ httpVersionMajor, httpVersionMinor, head, url }: EdgeRequest): boolean {
  if (httpVersionMajor !== 1 || httpVersionMinor > 1 || head.isAmbiguous || url.includes('#')) return false
  if (httpVersionMinor === 0 && head.hasBody && head.contentLength === undefined) return false
  return head.host === undefined || hostPattern.test(head.host)
}
/** Where two readers may disagree on where a request ends, nothing of what follows on the connection can be trusted. */
function refuseUnclear(reply: EdgeReply, requestId: string): void {
  reply.closeAfter()
  sendProblem(reply, 'REQUEST_INVALID', requestId)
}

/** A request may name its target by path or, as through a proxy, by a whole address (RFC 9112, 3.2.2), which then says the host. */
function readTarget(url: string, head: RequestHead): { host: string | undefined; url: string } | undefined {
  if (url.charCodeAt(0) === 47) return { host: head.host, url }
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined
  const address = new URL(url)
  if (address.username !== '' || address.password !== '') return undefined
  return { host: address.host, url: address.pathname + address.search }
}

/** HEAD is a GET whose body stays here. */
function takesMethod(entry: FunctionEntry, method: string): boolean {
  const methods = entry.methods ?? methodsDefault
  return methods.includes(method === 'HEAD' ? 'GET' : method)
}
function refuseMethod(reply: EdgeReply, entry: FunctionEntry, method: string, requestId: string): void {
  const methods = entry.methods ?? methodsDefault
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
  if (method === 'OPTIONS') reply.sendWhole(toAnswerHead(204, ['allow', allow]), requestId, '')
  else sendProblem(reply, 'METHOD_NOT_ALLOWED', requestId, ['allow', allow])
}
