import { randomBytes } from 'node:crypto'
import { type ErrorCode, errorCodes } from '@imprun/contracts'
import type { Environment, FunctionEntry } from '../environment.ts'
import { readAnswerHead } from '../http/answer-head.ts'
import type { Call, CallWorker } from './call.ts'

/** What made a call that no connection stands behind; the function reads it as `req.trigger`, and no caller from outside can claim it. */
export type InternalTrigger = 'invoke' | 'schedule' | 'run'

export interface InternalRequest {
  environment: Environment
  entry: FunctionEntry
  trigger: InternalTrigger
  method: string
  /** Path and query inside the environment; begins with "/". */
  path: string
  /** Written as they are into the call's head: names and values without line breaks. */
  headers: Readonly<Record<string, string>>
  /** Text leaves as UTF-8. */
  body: string | Uint8Array
  /** Made by `newInternalRequestId` when the call is the first of its chain. */
  requestId: string
  /** By `performance.now()`. */
  deadlineAtMs: number
  /** A longer answer is given up. */
  answerBytesMax: number
  /** Another call waits for this one, so it needs no free place: callers that fill all places would else wait for each other for ever. */
  isNested?: boolean
}

export interface InternalAnswer {
  status: number
  /** Names in lower case and values in turns; a name may come again. */
  headers: readonly string[]
  body: Buffer
}

/** Why there is no answer. An answer of whatever status is none of these. */
export class InternalCallError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string) {
    super(message)
    this.name = 'InternalCallError'
    this.code = code
  }
  get status(): number {
    return errorCodes[this.code].status
  }
}

/** The part of the supervisor that an internal call needs. */
export interface CallTaker {
  dispatch(environment: Environment, call: Call): void
  /** Told at the end of every call that is a function's own traffic. */
  count(environment: Environment, entry: FunctionEntry, isFailed: boolean, durationMs: number): void
}

export interface RunningCall {
  /** @throws InternalCallError */
  answer: Promise<InternalAnswer>
  /** Nobody waits any more: `answer` rejects with FUNCTION_FAILED, and the worker is told. */
  abandon(): void
}

const prefix = randomBytes(8).toString('hex')
let count = 0
/** As unique as those of HTTP requests, and told apart from them. */
export const newInternalRequestId = (): string => {
  count += 1
  return `${prefix}-i${count.toString(36)}`
}

/** Runs a function without a connection: no credential, the answer gathered whole. Deadline, worker loss and limits are those of every call. */
export function startInternalCall(supervisor: CallTaker, request: InternalRequest): RunningCall {
  const { promise, resolve, reject } = Promise.withResolvers<InternalAnswer>()
  const { environment, entry, trigger } = request
  const startedAtMs = performance.now()
  // What its author tries out says nothing about what is published.
  const count = (status: number): void => {
    if (trigger !== 'run') supervisor.count(environment, entry, status >= 500, performance.now() - startedAtMs)
  }
  const onAnswer = (answer: InternalAnswer): void => {
    count(answer.status)
    resolve(answer)
  }
  const onFailed = (error: InternalCallError): void => {
    count(error.status)
    reject(error)
  }
  const call = new InternalCall(request, onAnswer, onFailed)
  supervisor.dispatch(environment, call)
  return { answer: promise, abandon: () => call.abandon() }
}

class InternalCall implements Call {
  readonly entry: FunctionEntry
  readonly requestId: string
  readonly meta: string
  readonly body: string
  readonly deadlineAtMs: number
  readonly isNested: boolean
  hasCrossed = false
  sentCount = 0
  worker: CallWorker | undefined
  id = 0
  isDone = false
  readonly #answerBytesMax: number
  readonly #resolve: (answer: InternalAnswer) => void
  readonly #reject: (error: InternalCallError) => void
  #head: { status: number; headers: readonly string[] } | undefined
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(request: InternalRequest, resolve: (answer: InternalAnswer) => void, reject: (error: InternalCallError) => void) {
    this.entry = request.entry
    this.requestId = request.requestId
    this.deadlineAtMs = request.deadlineAtMs
    this.isNested = request.isNested ?? false
    this.meta = metaOf(request)
    this.body = Buffer.from(request.body).toString('latin1')
    this.#answerBytesMax = request.answerBytesMax
    this.#resolve = resolve
    this.#reject = reject
  }

  onWhole(head: string, buffer: Buffer, at: number, end: number): void {
    if (this.#takeHead(head) && this.#takeBytes(buffer, at, end)) this.#settle()
  }
  onStart(head: string, buffer: Buffer, at: number, end: number): void {
    if (this.#takeHead(head)) this.#takeBytes(buffer, at, end)
  }
  onChunk(buffer: Buffer, at: number, end: number): void {
    this.#takeBytes(buffer, at, end)
  }
  onEnd(): void {
    this.#settle()
  }
  onFailed(code: ErrorCode): void {
    this.#fail(code, failureTexts[code] ?? 'The function gave no answer.')
  }
  abandon(): void {
    if (this.isDone) return
    this.worker?.abort(this)
    this.#fail('FUNCTION_FAILED', 'The call was given up.')
  }

  #takeHead(text: string): boolean {
    if (this.isDone) return false
    const head = readAnswerHead(text)
    if (head !== undefined && this.#head === undefined) {
      this.#head = head
      return true
    }
    this.worker?.abort(this)
    this.#fail('FUNCTION_ANSWER_INVALID', 'The function answered something that can not be sent.')
    return false
  }
  #takeBytes(buffer: Buffer, at: number, end: number): boolean {
    if (this.isDone) return false
    this.#bytes += end - at
    if (this.#bytes <= this.#answerBytesMax) {
      if (end > at) this.#chunks.push(Buffer.from(buffer.subarray(at, end)))
      return true
    }
    this.worker?.abort(this)
    this.#fail('FUNCTION_ANSWER_INVALID', `The function answered more than ${this.#answerBytesMax} bytes.`)
    return false
  }
  #settle(): void {
    if (this.isDone) return
    if (this.#head === undefined) return this.#fail('FUNCTION_ANSWER_INVALID', 'The answer has no head.')
    this.isDone = true
    this.#resolve({ status: this.#head.status, headers: this.#head.headers, body: Buffer.concat(this.#chunks, this.#bytes) })
  }
  #fail(code: ErrorCode, message: string): void {
    if (this.isDone) return
    this.isDone = true
    this.#reject(new InternalCallError(code, message))
  }
}

const failureTexts: Partial<Record<ErrorCode, string>> = {
  FUNCTION_FAILED: 'The function failed; its log has the reason.',
  FUNCTION_TIMED_OUT: 'The function did not answer in time.',
  FUNCTION_ANSWER_INVALID: 'The function answered something that can not be sent; its log has the reason.',
  FUNCTION_NOT_FOUND: 'No function of that name is published in this environment.',
  WORKER_LOST: 'The process that ran the function was lost. It may have run in part.',
  WORKER_OVERLOADED: 'Too many calls of this environment are waiting.',
  DATABASE_UNAVAILABLE: 'The function is not in memory and can not be read just now.',
}

/** CallMeta lines (frames.ts). In place of a caller's address stands what made the call. */
function metaOf({ method, path, requestId, trigger, headers }: InternalRequest): string {
  let meta = `${method}\n${path}\n${requestId}\n${trigger}\n\n`
  for (const [name, value] of Object.entries(headers)) meta += `\n${name}\n${value}`
  return meta
}
