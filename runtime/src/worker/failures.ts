import type { FailedMessage } from '../frames/frames.ts'
import { requestIdOf } from './call-meta.ts'
import type { Call, CallLink, CallTable } from './call-table.ts'
import type { EffectiveLimits } from './effective-limits.ts'
import type { FunctionLog } from './function-log.ts'
import type { Output } from './output.ts'
import { EntryError } from './sandbox/engine.ts'

/** What the front answers in the place of a function that failed. */
export const failedStatus = { FUNCTION_FAILED: 500, FUNCTION_TIMED_OUT: 504, FUNCTION_ANSWER_INVALID: 502 } as const satisfies Record<
  FailedMessage['code'],
  number
>

/** For the author. */
export const stoppedAgainText = 'The function was stopped again and again, and its process went on without it.'

/** Why a call has no answer. */
export interface CallFailure {
  code: keyof typeof failedStatus
  message: string
  /** Of compiled code; goes to the log with the author's places, never to the caller. Empty without one. */
  stack?: string
  /** Of the call's request if not told. */
  requestId?: string | undefined
}

export interface FailuresPorts<Owner> {
  calls: CallTable<Owner>
  output: Output
  limits: EffectiveLimits
  log: FunctionLog
  /** What the author reads when the memory ran out. */
  exhausted(): string
  /** Before the call is closed: nobody waits for what it began. */
  abandon(callNumber: number): void
  /** The host's refusal comes while the function calls the host; a word to it has to wait for its turn. */
  endLater(callNumber: number): void
  /** @returns the whole answer that the guest kept because the entry which should have returned it threw */
  takeAnswer(callNumber: number): string | number | undefined
  /** Sends such an answer. */
  answer(call: Call<Owner>, text: string): void
  onOutOfMemory(): void
  /** An entry ran too long; told once its call has failed. */
  onStopped(): void
}

/** How calls of one version end without an answer, and what its author reads about it. */
export class Failures<Owner> {
  readonly #ports: FailuresPorts<Owner>

  constructor(ports: FailuresPorts<Owner>) {
    this.#ports = ports
  }

  fail(call: Call<Owner>, { code, message, stack = '', requestId }: CallFailure): void {
    const { calls, output, log, abandon } = this.#ports
    const { frontId, link } = call
    log.write('error', stack === '' ? message : stack, requestId ?? requestIdOf(call.meta), call.startedAtMs)
    abandon(call.number)
    calls.close(call)
    output.failed(frontId, { code, message })
    link?.onAnswered(failedStatus[code])
  }
  /** What the function answers is none: the call fails, and the function is told that nobody waits for it. */
  refuseAnswer(call: Call<Owner>, message: string): void {
    const { number } = call
    this.fail(call, { code: 'FUNCTION_ANSWER_INVALID', message })
    this.#ports.endLater(number)
  }

  /** Calls whose version runs elsewhere from now on are the front's again. */
  giveBack(calls: readonly Call<Owner>[], which: (call: Call<Owner>) => boolean): void {
    for (const call of calls) {
      // What has come through a middleware may not come through it twice.
      if (call.link !== undefined || !which(call)) continue
      const { frontId } = call
      this.#ports.calls.close(call)
      this.#ports.output.returned(frontId)
    }
  }
  /** The same for one that comes when its version has gone. */
  turnAway(frontId: number, meta: string, link: CallLink<Owner> | undefined): void {
    const { output, log } = this.#ports
    if (link === undefined) return output.returned(frontId)
    log.write('error', stoppedAgainText, requestIdOf(meta), undefined)
    output.failed(frontId, { code: 'FUNCTION_TIMED_OUT', message: stoppedAgainText })
    link.onAnswered(failedStatus.FUNCTION_TIMED_OUT)
  }

  /**
   * @param call the one that the context was entered for, if it is still open
   * @throws whatever is not an EntryError
   */
  onEntryError(error: unknown, call: Call<Owner> | undefined): void {
    if (!(error instanceof EntryError)) throw error
    const { limits, exhausted, onOutOfMemory, onStopped } = this.#ports
    if (error.failure === 'timed-out') {
      const message = `The function ran for ${limits.entryTimeoutMs} ms without pausing and was stopped.`
      this.#report(call, { code: 'FUNCTION_TIMED_OUT', message, stack: `${message}\n${error.guestStack}` })
      onStopped()
    } else if (error.failure === 'out-of-memory') {
      this.#report(call, { code: 'FUNCTION_FAILED', message: exhausted() })
      onOutOfMemory()
    } else this.#onStrayRejection(error, call)
  }
  #report(call: Call<Owner> | undefined, failure: CallFailure): void {
    if (call !== undefined) this.fail(call, failure)
    else this.#ports.log.write('error', failure.stack ?? failure.message, undefined, undefined)
  }
  /** Somebody's promise was rejected and nobody looked. It is logged; the call that happened to run when it was noticed goes on. */
  #onStrayRejection(error: EntryError, call: Call<Owner> | undefined): void {
    const { log, takeAnswer, answer } = this.#ports
    log.write('error', `Unhandled rejection: ${error.guestStack || error.message}`, undefined, undefined)
    if (call === undefined) return
    try {
      const text = takeAnswer(call.number)
      if (typeof text === 'string') answer(call, text)
    } catch (next) {
      this.onEntryError(next, undefined)
    }
  }
}
