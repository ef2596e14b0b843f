import { type ErrorCode, errorCodes } from '@imprun/contracts'
import type { Environment, FunctionEntry } from '../environment.ts'
import type { Call, CallWorker } from '../supervision/call.ts'
import { readAnswerHead } from './answer-head.ts'
import type { EdgeReply, ReplyListener } from './exchange/exchange.ts'
import { sendProblem } from './problems.ts'

/** What a worker may send of a streamed answer although it was told to hold: beyond it the answer ends, so that memory stays bounded whatever runs there. */
const heldBytesMax = 16 * 1024 * 1024

/** One request that was let in: it writes the function's answer, whole or streamed, onto its connection. */
export class HttpCall implements Call, ReplyListener {
  readonly entry: FunctionEntry
  readonly requestId: string
  readonly meta: string
  readonly body: string
  readonly deadlineAtMs: number
  hasCrossed = false
  sentCount = 0
  worker: CallWorker | undefined
  id = 0
  isDone = false
  readonly environment: Environment
  /** By `performance.now()`. */
  readonly arrivedAtMs: number
  readonly #reply: EdgeReply
  readonly #onDone: (call: HttpCall, status: number) => void
  #status = 0
  #isHeld = false

  constructor(facts: {
    environment: Environment
    entry: FunctionEntry
    meta: string
    body: string
    arrivedAtMs: number
    deadlineAtMs: number
    reply: EdgeReply
    requestId: string
    /** `status` of the answer; 0 when the caller did not wait for one. */
    onDone: (call: HttpCall, status: number) => void
  }) {
    this.entry = facts.entry
    this.meta = facts.meta
    this.body = facts.body
    this.deadlineAtMs = facts.deadlineAtMs
    this.environment = facts.environment
    this.arrivedAtMs = facts.arrivedAtMs
    this.#reply = facts.reply
    this.requestId = facts.requestId
    this.#onDone = facts.onDone
  }

  get hasBegun(): boolean {
    return this.#reply.hasBegun
  }

  onWhole(head: string, buffer: Buffer, at: number, end: number): void {
    const checked = readAnswerHead(head)
    if (checked === undefined) {
      this.onFailed('FUNCTION_ANSWER_INVALID')
      return
    }
    if (!this.#finish(checked.status)) return
    // One character, one byte: a string is copied out of the reused buffer and written in one go with the head.
    this.#reply.sendWhole(checked, this.requestId, checked.mayHaveBody ? buffer.toString('latin1', at, end) : '')
  }

  onStart(head: string, buffer: Buffer, at: number, end: number): void {
    if (this.isDone) return
    const checked = readAnswerHead(head)
    if (checked === undefined || this.#reply.hasBegun) {
      this.worker?.abort(this)
      this.onFailed('FUNCTION_ANSWER_INVALID')
      return
    }
    this.#status = checked.status
    this.#reply.start(checked, this.requestId)
    this.onChunk(buffer, at, end)
  }

  onChunk(buffer: Buffer, at: number, end: number): void {
    const reply = this.#reply
    if (this.isDone || at === end) return
    if (!reply.hasBegun || reply.heldBytes > heldBytesMax) {
      this.worker?.abort(this)
      this.onFailed('FUNCTION_ANSWER_INVALID')
      return
    }
    if (reply.write(Buffer.from(buffer.subarray(at, end))) || this.#isHeld) return
    this.#isHeld = true
    this.worker?.hold(this, true)
  }
  onDrained(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    if (!this.isDone) this.worker?.hold(this, false)
  }

  onEnd(): void {
    if (!this.#reply.hasBegun) this.onFailed('FUNCTION_ANSWER_INVALID')
    else if (this.#finish(this.#status)) this.#reply.end()
  }

  onFailed(code: ErrorCode): void {
    if (this.#finish(errorCodes[code].status)) sendProblem(this.#reply, code, this.requestId)
  }

  /** The caller went away. */
  onGone(): void {
    if (this.#finish(0)) this.worker?.abort(this)
  }

  #finish(status: number): boolean {
    if (this.isDone) return false
    this.isDone = true
    this.#onDone(this, status)
    return true
  }
}
