import type { Call, CallTable } from './call-table.ts'
import { bodyBytesOf, type EffectiveLimits } from './effective-limits.ts'
import type { Output } from './output.ts'
import { WriteBursts } from './write-bursts.ts'

/** Of one answer or one piece of it. As UTF-8 it may be three times as long, and must fit a frame. */
const answerCharsMax = 32 * 1024 * 1024
const tooLarge = `The answer is larger than ${answerCharsMax} characters or bytes. Write it in pieces with res.write().`
/** The guest holds back what comes after the first piece for a caller who has stopped reading; this bound holds even if an author got past it. */
const heldBytesMax = 1024 * 1024
const tooFarAhead = `The function wrote ${heldBytesMax} bytes ahead of a caller who does not read.`

export interface AnswersPorts<Owner> {
  calls: CallTable<Owner>
  output: Output
  limits: EffectiveLimits
  /** What the function answers is none: the call fails, and the function is told that nobody waits for it. */
  refuse(call: Call<Owner>, message: string): void
  /** The caller of a stream keeps up again. */
  drained(callNumber: number): void
}

/** The answers of one version on their way to the front, whole or in pieces, each held to the limits of its function. */
export class Answers<Owner> {
  readonly #ports: AnswersPorts<Owner>
  readonly #bursts: WriteBursts

  constructor(ports: AnswersPorts<Owner>) {
    this.#ports = ports
    this.#bursts = new WriteBursts((number) => {
      // A caller who has been found slow meanwhile says itself when it reads again.
      if (ports.calls.find(number)?.isPaused !== true) ports.drained(number)
    })
  }

  /** @param text head and body, parted by an empty line */
  whole(call: Call<Owner>, text: string): void {
    const { calls, output, limits, refuse } = this.#ports
    if (text.length > answerCharsMax) return refuse(call, tooLarge)
    if (text.indexOf('\n\n') < 3) return refuse(call, 'The answer has no head.')
    const refusal = limits.refusalOf(bodyBytesOf(text, limits.responseBytesMax))
    if (refusal !== undefined) return refuse(call, refusal)
    const { frontId, link } = call
    calls.close(call)
    output.answer(frontId, text)
    link?.onAnswered(statusOf(text))
  }
  wholeBytes(call: Call<Owner>, head: string, bytes: Uint8Array): void {
    const { calls, output, limits, refuse } = this.#ports
    const refusal = bytes.length > answerCharsMax ? tooLarge : limits.refusalOf(bytes.length)
    if (refusal !== undefined) return refuse(call, refusal)
    const { frontId, link } = call
    calls.close(call)
    output.answerBytes(frontId, head, bytes)
    link?.onAnswered(statusOf(head))
  }

  start(call: Call<Owner>, head: string): void {
    call.isStreaming = true
    this.#ports.output.answerStart(call.frontId, head)
    call.link?.onAnswered(statusOf(head))
  }
  /** @returns false when the caller does not keep up */
  chunk(call: Call<Owner>, chunk: string | Uint8Array): boolean {
    const { output, limits, refuse } = this.#ports
    const { number } = call
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length
    call.streamedBytes += bytes
    const refusal = chunk.length > answerCharsMax ? tooLarge : call.heldBytes > heldBytesMax ? tooFarAhead : limits.refusalOf(call.streamedBytes)
    if (refusal !== undefined) refuse(call, refusal)
    else if (!call.isPaused) output.answerChunk(call.frontId, chunk)
    else {
      call.held.push(chunk)
      call.heldBytes += chunk.length
    }
    return this.#bursts.add(number, bytes) && !call.isPaused
  }
  /** What is written after nobody waits for the call any more goes nowhere, and no faster. @returns false when `drained` will follow */
  chunkForNobody(number: number, chunk: string | Uint8Array): boolean {
    return this.#bursts.add(number, chunk.length)
  }
  end(call: Call<Owner>): void {
    const { calls, output } = this.#ports
    const { frontId, held } = call
    calls.close(call)
    for (const chunk of held) output.answerChunk(frontId, chunk)
    output.answerEnd(frontId)
  }
}

/** AnswerHead begins with the status, which has three digits. */
const statusOf = (head: string): number => Number(head.slice(0, 3))
