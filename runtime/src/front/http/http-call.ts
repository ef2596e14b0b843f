import type { ServerResponse } from 'node:http'
import type { ErrorCode } from '@imprun/contracts'
import type { Environment, FunctionEntry } from '../environment.ts'
import type { Call } from '../supervision/call.ts'
import { readAnswerHead } from './answer-head.ts'
import { sendProblem } from './problems.ts'

/** What a worker may send of a streamed answer although it was told to hold: beyond it the answer ends, so that memory stays bounded whatever runs there. */
const heldBytesMax = 16 * 1024 * 1024

/** One request that was let in: it writes the function's answer, whole or streamed, onto its connection. */
export class HttpCall implements Call {
  readonly entry: FunctionEntry
  readonly requestId: string
  readonly meta: string
  readonly body: string
  readonly deadlineAtMs: number
  hasCrossed = false
  sentCount = 0
  id = 0
  isDone = false
  readonly #environment: Environment
  readonly #response: ServerResponse
  readonly #onDone: () => void
  #isHeld = false

  constructor(facts: {
    environment: Environment
    entry: FunctionEntry
    meta: string
    body: string
    deadlineAtMs: number
    response: ServerResponse
    requestId: string
    onDone: () => void
  }) {
    this.entry = facts.entry
    this.meta = facts.meta
    this.body = facts.body
    this.deadlineAtMs = facts.deadlineAtMs
    this.#environment = facts.environment
    this.#response = facts.response
    this.requestId = facts.requestId
    this.#onDone = facts.onDone
  }

  onWhole(head: string, buffer: Buffer, at: number, end: number): void {
    const checked = readAnswerHead(head)
    if (checked === undefined) {
      this.onFailed('FUNCTION_ANSWER_INVALID')
      return
    }
    if (!this.#finish()) return
    const response = this.#response
    if (!checked.mayHaveBody) {
      response.writeHead(checked.status, [...checked.headers, 'x-request-id', this.requestId])
      response.end()
      return
    }
    response.writeHead(checked.status, [...checked.headers, 'x-request-id', this.requestId, 'content-length', String(end - at)])
    // One character, one byte: a string is copied out of the reused buffer and written in one go with the head.
    response.end(buffer.toString('latin1', at, end), 'latin1')
  }

  onStart(head: string, buffer: Buffer, at: number, end: number): void {
    if (this.isDone) return
    const checked = readAnswerHead(head)
    if (checked === undefined || this.#response.headersSent) {
      this.#environment.dispatcher?.abort(this)
      this.onFailed('FUNCTION_ANSWER_INVALID')
      return
    }
    this.#response.writeHead(checked.status, [...checked.headers, 'x-request-id', this.requestId])
    // The caller of a stream of events waits for its head, which node would hold back until the first byte.
    if (at === end) this.#response.flushHeaders()
    else this.onChunk(buffer, at, end)
  }

  onChunk(buffer: Buffer, at: number, end: number): void {
    const response = this.#response
    if (this.isDone || at === end) return
    if (!response.headersSent || response.writableLength > heldBytesMax) {
      this.#environment.dispatcher?.abort(this)
      this.onFailed('FUNCTION_ANSWER_INVALID')
      return
    }
    if (response.write(Buffer.from(buffer.subarray(at, end))) || this.#isHeld) return
    this.#isHeld = true
    this.#environment.dispatcher?.hold(this, true)
    response.once('drain', () => {
      this.#isHeld = false
      if (!this.isDone) this.#environment.dispatcher?.hold(this, false)
    })
  }

  onEnd(): void {
    if (!this.#response.headersSent) this.onFailed('FUNCTION_ANSWER_INVALID')
    else if (this.#finish()) this.#response.end()
  }

  onFailed(code: ErrorCode): void {
    if (this.#finish()) sendProblem(this.#response, code, this.requestId)
  }

  /** The caller went away. */
  onAbandoned(): void {
    if (this.#finish()) this.#environment.dispatcher?.abort(this)
  }

  #finish(): boolean {
    if (this.isDone) return false
    this.isDone = true
    this.#onDone()
    return true
  }
}
