import { type ErrorCode, errorCodes } from '@imprun/contracts'
import { type InvokeFailedMessage, invokeMetaFixedLines, toWorker } from '../../frames/frames.ts'
import type { Environment } from '../environment.ts'
import type { Call } from './call.ts'
import { type CallTaker, InternalCallError, newInternalRequestId, type RunningCall, startInternalCall } from './internal-call.ts'
import type { WorkerProcess } from './worker-process.ts'

/** Functions that call functions: so deep, the first one being 0. A circle of calls ends here. */
const invokeDepthMax = 8
/** Inner calls of one request that are under way at the same time, on all levels together: a tree of calls must not grow without bound. */
const invokeFanOutMax = 64
/** Inner calls of one worker, whatever ids it gives them: they wait for no free place, so nothing else bounds what a hostile one asks for. */
const openMax = 4_000
/** The caller gets to read that its time is up before that of its own request is. */
const deadlineReserveMs = 150
const requestIdPattern = /^[\w.-]{1,100}$/

interface Asked {
  ticket: number
  functionName: string
  requestId: string
  timeoutMs: number
  headers: Record<string, string>
}
type Refusal = InvokeFailedMessage

/** What the functions of one worker ask of other functions: each becomes a call of its own, wherever that function runs. Ends with the worker. */
export class Invocations {
  readonly #environment: Environment
  readonly #calls: CallTaker
  readonly #worker: WorkerProcess
  /** By ticket of the worker. */
  readonly #running = new Map<number, RunningCall>()
  /** By request id of the outermost call. */
  readonly #openByRoot = new Map<string, number>()
  /** Numbers the inner calls of an open call. */
  readonly #askedBy = new WeakMap<Call, number>()
  #askedLate = 0

  constructor(environment: Environment, calls: CallTaker, worker: WorkerProcess) {
    this.#environment = environment
    this.#calls = calls
    this.#worker = worker
  }

  /** @param caller the call that asks, unless it is answered already */
  start(caller: Call | undefined, buffer: Buffer, metaAt: number, bodyAt: number, end: number): void {
    const asked = readMeta(buffer.toString('latin1', metaAt, bodyAt))
    if (asked === undefined) return
    if (caller !== undefined) caller.hasCrossed = true
    const callerId = caller?.requestId ?? (requestIdPattern.test(asked.requestId) ? asked.requestId : newInternalRequestId())
    const root = callerId.split('.', 1)[0] as string
    const refusal = this.#refuse(asked, callerId, root)
    if (refusal !== undefined) return this.#fail(asked.ticket, refusal)
    const entry = this.#environment.functions.get(asked.functionName)
    if (entry === undefined) return this.#fail(asked.ticket, unknownFunction(asked.functionName))
    const deadlineAtMs = this.#deadlineOf(caller, asked, this.#environment.timeoutMsOf(entry.limits))
    if (deadlineAtMs <= performance.now()) return this.#fail(asked.ticket, toRefusal('FUNCTION_TIMED_OUT', 'No time of the caller is left.'))
    const running = startInternalCall(this.#calls, {
      environment: this.#environment,
      entry,
      trigger: 'invoke',
      method: 'POST',
      path: `/${asked.functionName}`,
      headers: asked.headers,
      body: Buffer.from(buffer.subarray(bodyAt, end)),
      requestId: this.#nextId(caller, callerId),
      deadlineAtMs,
      answerBytesMax: this.#environment.limits.responseBytesMax,
      isNested: true,
    })
    this.#follow(asked, root, running)
  }

  /** The worker is gone, and with it those who wait. */
  close(): void {
    for (const running of this.#running.values()) running.abandon()
  }

  #follow({ ticket, functionName }: Asked, root: string, running: RunningCall): void {
    this.#running.set(ticket, running)
    this.#openByRoot.set(root, (this.#openByRoot.get(root) ?? 0) + 1)
    const settled = running.answer.then(
      ({ status, headers, body }) => this.#worker.send(ticket, toWorker.invoked, [status, ...headers].join('\n'), body, 'latin1'),
      (error: unknown) => this.#fail(ticket, describe(functionName, error)),
    )
    void settled.finally(() => {
      this.#running.delete(ticket)
      const open = (this.#openByRoot.get(root) ?? 1) - 1
      if (open > 0) this.#openByRoot.set(root, open)
      else this.#openByRoot.delete(root)
    })
  }
  #refuse({ functionName }: Asked, callerId: string, root: string): Refusal | undefined {
    // Each level adds a dot and a number to the request's id.
    const depth = callerId.split('.').length
    if (depth > invokeDepthMax) {
      const message = `Function "${functionName}" was not called: functions may call each other ${invokeDepthMax} levels deep. Do they call each other in a circle?`
      return { code: 'INVOKE_TOO_DEEP', message, status: 508 }
    }
    if ((this.#openByRoot.get(root) ?? 0) < invokeFanOutMax && this.#running.size < openMax) return undefined
    const message = `Function "${functionName}" was not called: one request may have ${invokeFanOutMax} inner calls under way at the same time. Await some of them first.`
    return { code: 'INVOKE_TOO_MANY', message, status: 503 }
  }
  #deadlineOf(caller: Call | undefined, asked: Asked, ownMs: number): number {
    const nowMs = performance.now()
    const wantedMs = asked.timeoutMs > 0 ? Math.min(asked.timeoutMs, ownMs) : ownMs
    return Math.min(nowMs + wantedMs, caller === undefined ? Number.POSITIVE_INFINITY : caller.deadlineAtMs - deadlineReserveMs)
  }
  #nextId(caller: Call | undefined, callerId: string): string {
    if (caller === undefined) {
      this.#askedLate += 1
      return `${callerId}.late${this.#askedLate}`
    }
    const number = (this.#askedBy.get(caller) ?? 0) + 1
    this.#askedBy.set(caller, number)
    return `${callerId}.${number}`
  }
  #fail(ticket: number, refusal: Refusal): void {
    this.#worker.send(ticket, toWorker.invokeFailed, '', JSON.stringify(refusal), 'utf8')
  }
}

/** @returns undefined for what no worker of ours writes */
function readMeta(meta: string): Asked | undefined {
  const lines = meta.split('\n')
  const [ticket, functionName = '', requestId = '', timeoutMs] = lines
  if (lines.length < invokeMetaFixedLines || (lines.length - invokeMetaFixedLines) % 2 !== 0) return undefined
  const headers: Record<string, string> = {}
  for (let at = invokeMetaFixedLines; at < lines.length; at += 2) headers[lines[at] as string] = lines[at + 1] as string
  return { ticket: Number(ticket) >>> 0, functionName, requestId, timeoutMs: Number(timeoutMs) || 0, headers }
}

const toRefusal = (code: ErrorCode, message: string): Refusal => ({ code, message, status: errorCodes[code].status })
const unknownFunction = (name: string): Refusal => toRefusal('FUNCTION_NOT_FOUND', `No function "${name}" is published in this environment.`)

function describe(functionName: string, error: unknown): Refusal {
  if (!(error instanceof InternalCallError)) return toRefusal('INTERNAL', `Function "${functionName}" could not be called.`)
  return toRefusal(error.code, `Function "${functionName}": ${error.message}`)
}
