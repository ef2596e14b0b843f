import type { LoadMessage, LogMessage } from '../frames/frames.ts'
import { type ContextFacts, controlCodes, resumeCodes } from '../sandbox/bridge.ts'
import { AbandonedCalls } from './abandoned-calls.ts'
import { Answers } from './answers.ts'
import type { Background, BackgroundSession } from './background/background.ts'
import type { Call, CallLink, CallTable } from './call-table.ts'
import type { Configuration } from './configuration.ts'
import type { DataSession } from './data/data-session.ts'
import { EffectiveLimits } from './effective-limits.ts'
import type { FetchOwner, FetchSession } from './egress/fetch-session.ts'
import { Failures, failedStatus, stoppedAgainText } from './failures.ts'
import { FunctionLog } from './function-log.ts'
import { FunctionTimers } from './function-timers.ts'
import { createHostFunction } from './host-function.ts'
import type { Invocation, Invocations } from './invoke/invocations.ts'
import { type LoadRefusal, loadInto } from './load-function.ts'
import type { Output } from './output.ts'
import type { PacedEntries } from './paced-entries.ts'
import { EntryError, type Resumption, type SandboxContext } from './sandbox/engine.ts'
import type { FunctionMemory } from './sandbox/function-memory.ts'
import { createStackMapper, type StackMapper } from './stack-mapper.ts'
import { VersionPace } from './version-pace.ts'

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
  paced: PacedEntries
  /** Its entries had to be stopped again and again. @returns whether it has to leave */
  mustLeave(version: FunctionVersion): boolean
  /** This version has been replaced, and nothing of it runs any more. */
  onRetired(version: FunctionVersion): void
}

/** How often a replaced version looks whether its last call has gone. */
const drainCheckEveryMs = 50

/** One version of one function: its context, its open calls, its timers and cursors. */
export class FunctionVersion {
  readonly message: LoadMessage
  readonly stacks: StackMapper
  readonly background: BackgroundSession
  readonly limits: EffectiveLimits
  readonly answers: Answers<FunctionVersion>
  readonly failures: Failures<FunctionVersion>
  readonly #timers = new FunctionTimers((timer, callNumber) => this.#resume(resumeCodes.timer, timer, '', callNumber))
  /** Runs before it, outermost first; undefined in place of one that could not be loaded. */
  middleware: readonly (FunctionVersion | undefined)[] = []
  readonly #dependencies: VersionDependencies
  readonly #log: FunctionLog
  #context: SandboxContext | undefined
  readonly #pace: VersionPace
  #hasToLeave = false
  #isRetiring = false
  /** Of the variables that the context shows. */
  #variablesRevision = 0
  #data: DataSession | undefined
  #fetches: FetchSession | undefined
  readonly #abandoned = new AbandonedCalls((call, reason) => this.#resume(resumeCodes.aborted, call, reason, call))

  constructor(message: LoadMessage, dependencies: VersionDependencies) {
    this.message = message
    this.#dependencies = dependencies
    this.limits = new EffectiveLimits(message, dependencies.configuration)
    this.background = dependencies.background.openSession(this)
    this.#pace = new VersionPace(dependencies.paced, () => this.#onStoppedAgain())
    this.stacks = createStackMapper(`function:${message.name}`, message.sourceMap)
    this.#log = new FunctionLog(message, this.stacks, dependencies.output)
    this.failures = this.#createFailures(dependencies)
    this.answers = new Answers({
      calls: dependencies.calls,
      output: dependencies.output,
      limits: this.limits,
      refuse: (call, message) => this.failures.refuseAnswer(call, message),
      drained: (number) => this.drained(number),
    })
  }
  #createFailures({ calls, output, memory, onOutOfMemory }: VersionDependencies): Failures<FunctionVersion> {
    return new Failures({
      ...{ calls, output, limits: this.limits, log: this.#log, exhausted: () => memory.exhausted },
      abandon: (number) => this.abandon(number),
      endLater: (number) => {
        const resume = this.resumeLater(undefined)
        setImmediate(() => resume(resumeCodes.aborted, number, 'deadline'))
      },
      takeAnswer: (number) => this.#context?.control(controlCodes.takeAnswer, number, this.limits.entryTimeoutMs),
      answer: (call, text) => this.answers.whole(call, text),
      onOutOfMemory: () => onOutOfMemory(this),
      onStopped: () => this.#pace.onStopped(),
    })
  }

  /** Compiles the code in a context of its own and runs its top level. @returns why it cannot serve */
  load(): LoadRefusal | undefined {
    const first = this.#tryToLoad()
    // What others had left of the memory may have been too little. It was given up with all that was in it, so what fails again has itself to blame.
    return first.isMemoryLost && this.sharesMemory ? this.#tryToLoad().refusal : first.refusal
  }
  #tryToLoad(): { refusal: LoadRefusal | undefined; isMemoryLost: boolean } {
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
    return { refusal, isMemoryLost: isLost }
  }

  /**
   * Answers through `output`, now or later.
   * @param link where the call stands in a chain of middleware
   * @param carry what the middleware before it hands on
   */
  call(frontId: number, meta: string, body: string, link?: CallLink<FunctionVersion>, carry?: string): void {
    const { calls, output } = this.#dependencies
    if (this.#hasToLeave) return this.failures.turnAway(frontId, meta, link)
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
    if (!this.#pace.isPaced) return this.#enter(call, body, carry)
    this.#pace.enterLater(() => {
      if (this.find(number) === call) this.#enter(call, body, carry)
    })
  }
  #enter(call: Call<FunctionVersion>, body: string, carry: string | undefined): void {
    const { number } = call
    call.isEntered = true
    try {
      this.#showVariables()
      const answer = this.#context?.run(number, call.meta, body, this.limits.entryTimeoutMs, carry)
      if (answer !== undefined) this.answers.whole(call, answer)
    } catch (error) {
      this.failures.onEntryError(error, this.find(number))
    }
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
  setTimer(timer: number, delayMs: number, callNumber: unknown): void {
    if (this.#context !== undefined) this.#timers.set(timer, delayMs, callNumber)
  }
  clearTimer(timer: number): void {
    this.#timers.clear(timer)
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
    if (this.#isRetiring) return
    this.#isRetiring = true
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
  /** It runs elsewhere from now on. What has not begun goes back to the front; what has begun may come to its end, unless it has to be stopped once more. */
  #leave(): void {
    const { calls } = this.#dependencies
    this.#hasToLeave = true
    this.failures.giveBack(calls.of(this), ({ isEntered }) => !isEntered)
    this.retire()
  }
  get hasToLeave(): boolean {
    return this.#hasToLeave
  }
  #onStoppedAgain(): void {
    const { calls, mustLeave } = this.#dependencies
    if (!this.#hasToLeave) {
      if (mustLeave(this)) this.#leave()
      return
    }
    // Nothing runs in a context that has been released, so what has not touched the outside world may run once more elsewhere.
    this.#releaseContext()
    this.failures.giveBack(calls.of(this), ({ isCrossed, isStreaming }) => !isCrossed && !isStreaming)
    this.dispose(stoppedAgainText)
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
    for (const call of this.#dependencies.calls.of(this)) this.failures.fail(call, { code: 'FUNCTION_FAILED', message: reason })
    this.#releaseContext()
  }

  #isBusy(): boolean {
    if (this.#context === undefined) return false
    if (this.#dependencies.calls.of(this).length > 0) return true
    try {
      return this.#context.control(controlCodes.countUnsettled, 0, this.limits.entryTimeoutMs) !== 0
    } catch (error) {
      // The versions that share the lost memory have to hear of it, or their next call finds a dead context.
      if (error instanceof EntryError && error.failure === 'out-of-memory') this.failures.onEntryError(error, undefined)
      return false
    }
  }
  #resume(code: number, number: number, payload: string | Uint8Array, callNumber?: unknown, more?: readonly Resumption[]): void {
    if (!this.#pace.isPaced) return this.#resumeNow(code, number, payload, callNumber, more)
    const context = this.#context
    this.#pace.enterLater(() => {
      if (this.#context === context) this.#resumeNow(code, number, payload, callNumber, more)
    })
  }
  #resumeNow(code: number, number: number, payload: string | Uint8Array, callNumber?: unknown, more?: readonly Resumption[]): void {
    try {
      this.#showVariables()
      this.#context?.resume(code, number, payload, this.limits.entryTimeoutMs, more)
    } catch (error) {
      this.failures.onEntryError(error, this.find(callNumber))
    }
  }
  /** Before each entry: what the environment's owner has changed since the last one. */
  #showVariables(): void {
    const { variablesRevision, variablesJson } = this.#dependencies.configuration
    if (variablesRevision === this.#variablesRevision || this.#context === undefined) return
    this.#variablesRevision = variablesRevision
    this.#context.control(controlCodes.setVariables, variablesJson, this.limits.entryTimeoutMs)
  }
  #releaseContext(): void {
    this.#timers.close()
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
