import type { FailedMessage, LoadMessage, LogMessage } from '../frames/frames.ts'
import { type ContextFacts, controlCodes, resumeCodes } from '../sandbox/bridge.ts'
import { AbandonedCalls } from './abandoned-calls.ts'
import { Answers } from './answers.ts'
import type { Background, BackgroundSession } from './background/background.ts'
import type { Call, CallLink, CallTable } from './call-table.ts'
import type { Configuration } from './configuration.ts'
import type { DataSession } from './data/data-session.ts'
import { EffectiveLimits } from './effective-limits.ts'
import type { FetchOwner, FetchSession } from './egress/fetch-session.ts'
import { FunctionLog } from './function-log.ts'
import { createHostFunction } from './host-function.ts'
import type { Invocation, Invocations } from './invoke/invocations.ts'
import { type LoadRefusal, loadInto } from './load-function.ts'
import type { Output } from './output.ts'
import { EntryError, type Resumption, type SandboxContext } from './sandbox/engine.ts'
import type { FunctionMemory } from './sandbox/function-memory.ts'
import { createStackMapper, type StackMapper } from './stack-mapper.ts'

export interface VersionDependencies {
  memory: FunctionMemory
  calls: CallTable<FunctionVersion>
  output: Output
  openData(isCallOpen: (call: unknown) => boolean): DataSession
  openFetches(owner: FetchOwner): FetchSession
  configuration: Configuration
  invocations: Invocations
  background: Background
  facts: ContextFacts
  /** Memory ran out: every context of the isolate is gone. */
  onOutOfMemory(version: FunctionVersion): void
  /** This version has been replaced, and nothing of it runs any more. */
  onRetired(version: FunctionVersion): void
}

const timersMax = 1000
/** What the front answers in the place of a function that failed. */
const failedStatus = { FUNCTION_FAILED: 500, FUNCTION_TIMED_OUT: 504, FUNCTION_ANSWER_INVALID: 502 } as const satisfies Record<FailedMessage['code'], number>
/** How often a replaced version looks whether its last call has gone. */
const drainCheckEveryMs = 50

/** One version of one function: its context, its open calls, its timers and cursors. */
export class FunctionVersion {
  readonly message: LoadMessage
  readonly stacks: StackMapper
  readonly background: BackgroundSession
  readonly limits: EffectiveLimits
  readonly answers: Answers<FunctionVersion>
  /** Runs before it, outermost first; undefined in place of one that could not be loaded. */
  middleware: readonly (FunctionVersion | undefined)[] = []
  readonly #dependencies: VersionDependencies
  readonly #log: FunctionLog
  #context: SandboxContext | undefined
  /** Of the variables that the context shows. */
  #variablesRevision = 0
  #data: DataSession | undefined
  #fetches: FetchSession | undefined
  readonly #timers = new Map<number, NodeJS.Timeout>()
  readonly #abandoned = new AbandonedCalls((call, reason) => this.#resume(resumeCodes.aborted, call, reason, call))

  constructor(message: LoadMessage, dependencies: VersionDependencies) {
    this.message = message
    this.#dependencies = dependencies
    this.limits = new EffectiveLimits(message, dependencies.configuration)
    this.answers = new Answers({
      calls: dependencies.calls,
      output: dependencies.output,
      limits: this.limits,
      refuse: (call, message) => this.#refuseAnswer(call, message),
      drained: (number) => this.drained(number),
    })
    this.background = dependencies.background.openSession(this)
    this.stacks = createStackMapper(`function:${message.name}`, message.sourceMap)
    this.#log = new FunctionLog(message, this.stacks, dependencies.output)
  }

  /** Compiles the code in a context of its own and runs its top level. @returns why it cannot serve */
  load(): LoadRefusal | undefined {
    const { memory, configuration, facts } = this.#dependencies
    const context = memory.takeContext()
    context.host = createHostFunction(this)
    context.functionIndex = this.message.index
    this.#context = context
    this.#variablesRevision = configuration.variablesRevision
    const refusal = loadInto(context, this.message, facts, this.stacks, configuration.variablesJson)
    const { isLost } = context
    if (refusal !== undefined) this.#releaseContext()
    if (isLost) this.#dependencies.onOutOfMemory(this)
    return refusal
  }

  /**
   * Answers through `output`, now or later.
   * @param link where the call stands in a chain of middleware
   * @param carry what the middleware before it hands on
   */
  call(frontId: number, meta: string, body: string, link?: CallLink<FunctionVersion>, carry?: string): void {
    const { calls, output } = this.#dependencies
    if (this.#context === undefined) {
      // Only after the isolate was lost: the code loaded once, so it loads again unless its top level depends on something outside.
      const refusal = this.load()
      if (refusal !== undefined) {
        output.failed(frontId, { code: 'FUNCTION_FAILED', message: refusal.message })
        return link?.onAnswered(failedStatus.FUNCTION_FAILED)
      }
    }
    const call = calls.open(frontId, this)
    call.link = link
    link?.onOpened(call)
    call.meta = meta
    call.startedAtMs = performance.now()
    const { number } = call
    try {
      this.#showVariables()
      if (carry !== undefined) this.#context?.resume(resumeCodes.carry, number, carry, this.limits.entryTimeoutMs)
      const answer = this.#context?.run(number, meta, body, this.limits.entryTimeoutMs)
      if (answer !== undefined) this.answers.whole(call, answer)
    } catch (error) {
      this.#onEntryError(error, number)
    }
  }

  #refuseAnswer(call: Call<FunctionVersion>, message: string): void {
    const { number } = call
    this.fail(call, 'FUNCTION_ANSWER_INVALID', message, '', undefined)
    // The function is inside a call of the host just now; what it does for this answer is to end.
    const resume = this.resumeLater(undefined)
    setImmediate(() => resume(resumeCodes.aborted, number, 'deadline'))
  }
  /** @param stack of compiled code; goes to the log with the author's places, never to the caller */
  fail(
    call: Call<FunctionVersion>,
    code: 'FUNCTION_FAILED' | 'FUNCTION_TIMED_OUT' | 'FUNCTION_ANSWER_INVALID',
    message: string,
    stack: string,
    requestId: string | undefined,
  ): void {
    const { frontId, link } = call
    this.log('error', stack === '' ? message : stack, requestId ?? requestIdOf(call), call)
    this.abandon(call.number)
    this.#dependencies.calls.close(call)
    this.#dependencies.output.failed(frontId, { code, message })
    link?.onAnswered(failedStatus[code])
  }
  /** Ends a call without a word to the front. */
  close(call: Call<FunctionVersion>): void {
    this.#dependencies.calls.close(call)
  }
  find(number: unknown): Call<FunctionVersion> | undefined {
    const call = this.#dependencies.calls.find(number)
    return call?.owner === this ? call : undefined
  }

  log(level: LogMessage['level'], message: string, requestId: string | undefined, call?: Call<FunctionVersion>): void {
    this.#log.write(level, message, requestId, call?.startedAtMs)
  }

  /** @param callNumber the call that fails when the timer's code does not come to its end */
  setTimer(number: number, delayMs: number, callNumber: unknown): void {
    if (this.#timers.size >= timersMax || this.#context === undefined) return
    clearTimeout(this.#timers.get(number))
    const fire = (): void => {
      this.#timers.delete(number)
      this.#resume(resumeCodes.timer, number, '', callNumber)
    }
    this.#timers.set(number, setTimeout(fire, delayMs))
  }
  clearTimer(number: number): void {
    clearTimeout(this.#timers.get(number))
    this.#timers.delete(number)
  }

  get data(): DataSession {
    this.#data ??= this.#dependencies.openData((call) => this.find(call) !== undefined)
    return this.#data
  }
  get fetches(): FetchSession {
    this.#fetches ??= this.#dependencies.openFetches(this)
    return this.#fetches
  }
  /** Nobody waits for this call any more. */
  abandon(callNumber: number): void {
    this.#fetches?.abortOf(callNumber)
  }
  /** After the call was closed: its caller went away, or its time is up. */
  abort(callNumber: number, startedAtMs: number): void {
    this.#abandoned.add(callNumber, startedAtMs, this.limits.timeoutMs)
  }
  /** To be called before an effect leaves the worker: the front hears first that the call must not be run again. */
  cross(callNumber: unknown): void {
    const call = this.find(callNumber)
    if (call === undefined || call.isCrossed) return
    call.isCrossed = true
    this.#dependencies.output.crossed(call.frontId)
  }
  /** @returns enters the context with what was waited for, unless the context is another one by then */
  resumeLater(callNumber: unknown): (code: number, number: number, payload: string | Uint8Array, more?: readonly Resumption[]) => void {
    const context = this.#context
    return (code, number, payload, more) => {
      if (this.#context === context) this.#resume(code, number, payload, callNumber, more)
    }
  }
  /** Asks for another function of this environment. */
  invoke(ticket: number, callNumber: unknown, invocation: Omit<Invocation, 'frontId'>): void {
    this.cross(callNumber)
    this.#dependencies.invocations.begin({ ...invocation, frontId: this.find(callNumber)?.frontId ?? 0 }, ticket, this.resumeLater(callNumber))
  }
  /** For a middleware: what it let through has been answered. */
  onNextAnswered(callNumber: number, status: number): void {
    this.#resume(resumeCodes.nextAnswered, callNumber, String(status), callNumber)
  }
  /** The caller reads again: what waits in `res.write` may go on. */
  drained(callNumber: number): void {
    this.#resume(resumeCodes.drained, callNumber, '', callNumber)
  }

  /** A newer version has taken over: lets the calls, and what they left to do after the answer, finish; then frees the context, and its timers end with it. */
  retire(): void {
    const endsAt = Date.now() + this.limits.timeoutMs
    const check = (): void => {
      if (!this.background.isEmpty || (Date.now() < endsAt && this.#isBusy())) setTimeout(check, drainCheckEveryMs)
      else {
        this.dispose('The function was replaced by a newer version and did not finish in time.')
        this.#dependencies.onRetired(this)
      }
    }
    check()
  }
  get sharesMemory(): boolean {
    return this.#dependencies.memory.isShared
  }
  /** What its author reads when its memory ran out. */
  get exhausted(): string {
    return this.#dependencies.memory.exhausted
  }
  /** @param reason what the calls that are still open fail with */
  dispose(reason: string): void {
    for (const call of this.#dependencies.calls.of(this)) this.fail(call, 'FUNCTION_FAILED', reason, '', undefined)
    this.#releaseContext()
  }

  #isBusy(): boolean {
    if (this.#context === undefined) return false
    if (this.#dependencies.calls.of(this).length > 0) return true
    try {
      return this.#context.control(controlCodes.countUnsettled, 0, this.limits.entryTimeoutMs) !== 0
    } catch (error) {
      // The versions that share the lost memory have to hear of it, or their next call finds a dead context.
      if (error instanceof EntryError && error.failure === 'out-of-memory') this.#onEntryError(error, undefined)
      return false
    }
  }
  #resume(code: number, number: number, payload: string | Uint8Array, callNumber?: unknown, more?: readonly Resumption[]): void {
    try {
      this.#showVariables()
      this.#context?.resume(code, number, payload, this.limits.entryTimeoutMs, more)
    } catch (error) {
      this.#onEntryError(error, callNumber)
    }
  }
  /** Before each entry: what the environment's owner has changed since the last one. */
  #showVariables(): void {
    const { variablesRevision, variablesJson } = this.#dependencies.configuration
    if (variablesRevision === this.#variablesRevision || this.#context === undefined) return
    this.#variablesRevision = variablesRevision
    this.#context.control(controlCodes.setVariables, variablesJson, this.limits.entryTimeoutMs)
  }
  #onEntryError(error: unknown, callNumber: unknown): void {
    if (!(error instanceof EntryError)) throw error
    const call = this.find(callNumber)
    if (error.failure === 'timed-out') {
      const message = `The function ran for ${this.limits.entryTimeoutMs} ms without pausing and was stopped.`
      if (call !== undefined) this.fail(call, 'FUNCTION_TIMED_OUT', message, `${message}\n${error.guestStack}`, undefined)
      else this.log('error', `${message}\n${error.guestStack}`, undefined)
    } else if (error.failure === 'out-of-memory') {
      const message = this.exhausted
      if (call !== undefined) this.fail(call, 'FUNCTION_FAILED', message, '', undefined)
      else this.log('error', message, undefined)
      this.#dependencies.onOutOfMemory(this)
    } else this.#onStrayRejection(error, call)
  }
  /** Somebody's promise was rejected and nobody looked. It is logged; the call that happened to run when it was noticed goes on. */
  #onStrayRejection(error: EntryError, call: Call<FunctionVersion> | undefined): void {
    this.log('error', `Unhandled rejection: ${error.guestStack || error.message}`, undefined)
    if (call === undefined) return
    try {
      const answer = this.#context?.control(controlCodes.takeAnswer, call.number, this.limits.entryTimeoutMs)
      if (typeof answer === 'string') this.answers.whole(call, answer)
    } catch (next) {
      this.#onEntryError(next, undefined)
    }
  }
  #releaseContext(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    this.#abandoned.close()
    this.background.close()
    this.#data?.close()
    this.#data = undefined
    this.#fetches?.close()
    this.#fetches = undefined
    this.#context?.release()
    this.#context = undefined
    this.#dependencies.memory.release()
  }
}

/** The third of CallMeta's lines (frames.ts). */
const requestIdOf = ({ meta }: Call<FunctionVersion>): string | undefined => meta.split('\n', 3)[2] || undefined
