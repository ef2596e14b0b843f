import type { ErrorCode } from '@imprun/contracts'
import type { LogMessage, RefusedMessage } from '../../frames/frames.ts'
import type { Log } from '../../platform/log.ts'
import { configurationOf } from '../configuration.ts'
import type { Environment, FunctionEntry, FunctionSource } from '../environment.ts'
import type { Observe } from '../observe.ts'
import { BoundWorker, type BoundWorkerOwner, type HeartbeatRules } from './bound-worker.ts'
import type { Call, Load, LoadOutcome } from './call.ts'
import { HeldCalls } from './held-calls.ts'
import type { CallTaker } from './internal-call.ts'
import { LeavingWorkers } from './leaving-workers.ts'
import { judgeLoss, type LossReason, type Verdict } from './loss.ts'
import { type FetchSource, MissingCode, type MissingCodeOwner } from './missing-code.ts'
import type { QuarantineKeeper } from './quarantine-keeper.ts'
import type { Spares } from './spares.ts'
import type { WorkerProcess } from './worker-process.ts'

export interface DispatcherPorts {
  spares: Pick<Spares, 'take'>
  fetchSource: FetchSource
  onLog(environment: Environment, message: LogMessage): void
  /** Takes the calls that functions make of each other. */
  calls: CallTaker
  quarantine: QuarantineKeeper
  log: Log
  observe: Observe
}

/** Calls of one environment that wait for a worker, for code or for a free place. Beyond it the caller is told to come back. */
export const waitingCallsMax = 1_000
// A call that three workers died under is more likely the cause than the victim.
const sendsMax = 3
// Calls have been answered by then or have been given up; the rest is for work after the answer.
const drainMsDefault = 10_000
const failureTexts = {
  FUNCTION_TIMED_OUT: 'The call took longer than its time limit and was ended.',
  FUNCTION_FAILED: 'The call took its process down.',
  WORKER_LOST: 'The process that ran this call was lost: killed from outside, out of memory, or hanging in something that no time limit stops.',
} as const

/**
 * Brings calls and loads of one environment to its worker: binds a spare when there is none, fetches code that the worker lacks, keeps order and bounds,
 * and takes over when the worker is lost. Order on the frame socket replaces acknowledgements: bind, load and the waiting calls leave in one go.
 */
export class Dispatcher implements BoundWorkerOwner, MissingCodeOwner {
  readonly environment: Environment
  /** For the versions that are in quarantine, and for no others. */
  readonly isForQuarantine: boolean
  readonly #ports: DispatcherPorts
  #worker: BoundWorker | undefined
  #cancelTake: (() => void) | undefined
  readonly #leaving = new LeavingWorkers()
  /** A worker with other memory is on its way to take the place of this one. */
  #renewal: { settled: Promise<void>; cancel: () => void } | undefined
  /** First come, first served: calls without a worker or a free place. */
  #waiting: Call[] = []
  readonly #missingCode: MissingCode
  readonly #held = new HeldCalls()
  #waitingLoads: Load[] = []
  #loadCount = 0
  #lostReason: LossReason = 'exited'
  #usedAtMs = performance.now()

  constructor(environment: Environment, isForQuarantine: boolean, ports: DispatcherPorts) {
    this.environment = environment
    this.isForQuarantine = isForQuarantine
    this.#ports = ports
    this.#missingCode = new MissingCode(environment, ports, this)
  }

  get calls(): CallTaker {
    return this.#ports.calls
  }
  get hasWorker(): boolean {
    return this.#worker !== undefined
  }
  get isQuiet(): boolean {
    return (
      (this.#worker === undefined || !this.#worker.isBusy) &&
      this.#waiting.length + this.#missingCode.callCount + this.#held.callCount + this.#loadCount === 0 &&
      this.#cancelTake === undefined &&
      this.#renewal === undefined &&
      this.#leaving.isEmpty
    )
  }
  get usedAtMs(): number {
    return this.#usedAtMs
  }
  /** What its workers take, as they were seen last. */
  get rssBytes(): number {
    return [...this.#leaving.all(), ...(this.#worker === undefined ? [] : [this.#worker])].reduce((sum, worker) => sum + worker.rssBytes, 0)
  }

  dispatch(call: Call): void {
    const worker = this.#worker
    this.#usedAtMs = performance.now()
    if (worker !== undefined && !hasPlace(worker, call)) return this.#hold(call)
    if (worker !== undefined && this.#waiting.length === 0 && worker.callCount < this.environment.limits.concurrency && hasCode(worker, call.entry)) {
      worker.sendCall(call)
      return
    }
    if (call.isNested) this.#waiting.unshift(call)
    else if (this.#waiting.length + this.#missingCode.callCount >= waitingCallsMax) return call.onFailed('WORKER_OVERLOADED')
    else this.#waiting.push(call)
    if (worker === undefined) {
      // The code is on its way while the worker is.
      for (const entry of codeOf(call.entry)) if (entry.source === undefined) this.#missingCode.fetch(entry)
      this.#needWorker()
    } else this.#pump()
  }

  /** Settles when the version serves, or the worker refused it. Binds a worker when there is none. */
  load(entry: Load['entry'], source: FunctionSource): Promise<LoadOutcome> {
    return new Promise((resolve) => {
      this.#usedAtMs = performance.now()
      this.#loadCount += 1
      const load: Load = {
        entry,
        source,
        sentCount: 0,
        onSettled: (outcome) => {
          this.#loadCount -= 1
          resolve(outcome)
        },
      }
      if (this.#worker !== undefined) this.#sendLoad(this.#worker, load)
      else {
        this.#waitingLoads.push(load)
        this.#needWorker()
      }
    })
  }
  unload(index: number): void {
    this.#worker?.sendUnload(index)
  }

  /** Settles when the worker goes by the environment's settings as they are now, or is gone: the next one begins with them. */
  configure(): Promise<void> | undefined {
    const worker = this.#worker
    if (worker === undefined) return undefined
    const configured = worker.configure(configurationOf(this.environment, this.#ports.log))
    // What an isolate may use is fixed when it is made.
    return worker.memoryMb === this.environment.limits.memoryMb ? configured : Promise.all([configured, this.#renew()]).then(() => {})
  }

  /** Ends the calls whose time is up; called at every tick. */
  endLateCalls(nowMs: number): void {
    if (this.#worker !== undefined && this.#worker.callCount > 0) {
      for (const call of this.#worker.calls()) if (call.deadlineAtMs < nowMs) this.#endLate(call)
    }
    for (const call of this.#leaving.calls()) if (call.deadlineAtMs < nowMs) this.#endLate(call)
    if (this.#waiting.length > 0) this.#waiting = this.#waiting.filter((call) => this.#stillWaits(call, nowMs))
    if (this.#missingCode.callCount > 0) this.#missingCode.keepOnly((call) => this.#stillWaits(call, nowMs))
    if (this.#held.callCount > 0) this.#held.keepOnly((call) => this.#stillWaits(call, nowMs))
  }
  /** Pings the workers; one that must go is killed from outside. */
  beat(nowMs: number, rules: HeartbeatRules): void {
    for (const worker of this.#leaving.all()) if (worker.findFault(nowMs, rules) !== undefined) worker.process.kill()
    const fault = this.#worker?.findFault(nowMs, rules)
    if (fault === undefined) return
    this.#lostReason = fault
    this.#worker?.process.kill()
  }

  /**
   * Lets the worker finish and leave; what still waits is given up. The code of functions named in `keep` stays in memory.
   * @param drainMs so long its calls, and what they left to do after the answer, may take
   * @returns when the process is gone
   */
  async retire(keep: (functionName: string) => boolean = () => false, drainMs = drainMsDefault): Promise<void> {
    this.#cancelTake?.()
    this.#cancelTake = undefined
    this.#renewal?.cancel()
    for (const call of this.#takeWaiting()) call.onFailed('WORKER_LOST')
    for (const load of this.#waitingLoads.splice(0)) load.onSettled({ outcome: 'abandoned' })
    for (const entry of this.environment.entries()) if (!keep(entry.name)) entry.source = undefined
    const left = this.#leaving.ended(drainMs)
    const worker = this.#worker
    if (worker === undefined) return left
    this.#worker = undefined
    this.#ports.observe({ type: 'worker-retired', environment: this.environment.key, pid: worker.process.pid })
    worker.process.onLost = () => this.#giveUp(worker)
    worker.drain()
    const timer = setTimeout(() => worker.process.kill(), drainMs)
    await worker.process.exited
    clearTimeout(timer)
    await left
  }
  /** SIGKILL, without a farewell. */
  kill(): void {
    this.#worker?.process.kill()
  }

  onCallEnded(functionIndex: number): void {
    this.#usedAtMs = performance.now()
    if (this.#held.callCount > 0) this.#letGo(functionIndex)
    if (this.#waiting.length > 0) this.#pump()
  }
  onCodeHere(calls: Call[]): void {
    if (calls.length > 0) this.#waiting = [...calls, ...this.#waiting]
    this.#pump()
  }
  onCodeMissing(functionIndex: number, calls: Call[], reason: ErrorCode): void {
    // Without a worker the calls have not been parked yet, and no code will be there for them when one comes.
    const isConcerned = ({ entry }: Call): boolean => this.#worker === undefined && codeOf(entry).some(({ index }) => index === functionIndex)
    const concerned = [...calls, ...this.#waiting.filter(isConcerned)]
    if (concerned.length > calls.length) this.#waiting = this.#waiting.filter((call) => !isConcerned(call))
    // A middleware that has just been removed is no reason to say that its function does not exist.
    for (const call of concerned) if (!call.isDone) call.onFailed(call.entry.index === functionIndex ? reason : 'DATABASE_UNAVAILABLE')
  }
  onLog(message: LogMessage): void {
    this.#ports.onLog(this.environment, message)
  }
  onBindRefused(refusal: RefusedMessage): void {
    const worker = this.#worker
    if (worker === undefined) return
    this.#ports.log.error({ environment: this.environment.key, reason: refusal.message }, 'A worker could not be bound to its environment.')
    this.#lostReason = 'broken'
    worker.process.kill()
  }
  onStopped(entry: Call['entry']): void {
    this.#ports.quarantine.onStopped(this.environment, entry)
  }
  /** The worker is gone: what had not crossed is sent to the next one, the rest is told so. */
  onLost(worker: BoundWorker): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#takeOver(worker)
  }
  #takeOver(worker: BoundWorker): void {
    const { calls, loads } = worker.takeInFlight()
    const verdict = judgeLoss(this.#lostReason, worker.process.runningNote(), calls, loads)
    // A version that was only being loaded serves nobody yet: it is refused, and the one before it has done nothing.
    const isNew = verdict.load !== undefined && verdict.load.isServing !== true
    if (verdict.functionIndex !== undefined && !isNew) this.#ports.quarantine.blame(this.environment, verdict.functionIndex, verdict.text)
    const again = calls.filter((call) => call !== verdict.call && this.#mayRunAgain(call))
    for (const call of again) call.worker = undefined
    this.#waiting = this.#withoutQuarantined([...again, ...this.#held.takeAll(), ...this.#waiting])
    for (const call of calls) if (!call.isDone && !again.includes(call)) this.#failLost(call, verdict)
    for (const load of loads) {
      if (load !== verdict.load && load.sentCount < sendsMax) this.#waitingLoads.push(load)
      else load.onSettled({ outcome: 'refused', refusal: { code: 'INTERNAL', message: `The worker was lost when it loaded this version. ${verdict.text}` } })
    }
    this.#reportLoss(worker, calls, again.length)
    if (this.#waiting.length + this.#missingCode.callCount + this.#waitingLoads.length > 0) this.#needWorker()
  }
  #mayRunAgain(call: Call): boolean {
    return !call.isDone && !call.hasCrossed && call.sentCount < sendsMax && this.#lostReason !== 'broken'
  }
  /** Hands the calls of versions that are in quarantine now to those who keep them apart. @returns the others */
  #withoutQuarantined(calls: Call[]): Call[] {
    const { environment } = this
    const isElsewhere = ({ entry }: Call): boolean => !this.isForQuarantine && environment.quarantine?.holds(entry) === true
    for (const call of calls) if (isElsewhere(call)) this.#ports.calls.dispatch(environment, call)
    return calls.filter((call) => !isElsewhere(call))
  }
  /** The call that took the worker down is its author's fault; what was lost with it is not. */
  #failLost(call: Call, verdict: Verdict): void {
    if (call !== verdict.call) this.#fail(call, 'WORKER_LOST')
    else this.#fail(call, this.#lostReason === 'silent' ? 'FUNCTION_TIMED_OUT' : 'FUNCTION_FAILED', verdict.text)
  }

  #reportLoss(worker: BoundWorker, calls: Call[], resent: number): void {
    const running = [...new Set(calls.map((call) => call.entry.name))]
    const facts = { environment: this.environment.key, pid: worker.process.pid, reason: this.#lostReason, resent, failed: calls.length - resent, running }
    this.#lostReason = 'exited'
    this.#ports.log.warn({ ...facts, output: worker.process.errorTail() }, 'A worker was lost.')
    this.#ports.observe({ type: 'worker-lost', ...facts })
  }
  /** A worker that was sent away took longer than its calls could wait. */
  #giveUp(worker: BoundWorker): void {
    const { calls, loads } = worker.takeInFlight()
    for (const call of calls) if (!call.isDone) this.#fail(call, 'WORKER_LOST')
    for (const load of loads) load.onSettled({ outcome: 'abandoned' })
  }

  #needWorker(): void {
    if (this.#cancelTake !== undefined || this.#worker !== undefined) return
    let isHere = false
    const cancel = this.#ports.spares.take((process) => {
      isHere = true
      this.#cancelTake = undefined
      this.#bind(process)
    })
    if (!isHere) this.#cancelTake = cancel
  }
  #bind(process: WorkerProcess): BoundWorker {
    const worker = new BoundWorker(process, this.environment, configurationOf(this.environment, this.#ports.log), this)
    this.#worker = worker
    this.#ports.observe({ type: 'worker-bound', environment: this.environment.key, pid: process.pid })
    for (const load of this.#waitingLoads.splice(0)) this.#sendLoad(worker, load)
    this.#pump()
    return worker
  }
  /** Puts a fresh worker in the place of this one, which goes on until the other is there and then finishes its calls. */
  #renew(): Promise<void> {
    if (this.#renewal !== undefined) return this.#renewal.settled
    const { promise, resolve } = Promise.withResolvers<void>()
    let isHere = false
    const cancelTake = this.#ports.spares.take((process) => {
      isHere = true
      this.#renewal = undefined
      this.#cancelTake?.()
      this.#cancelTake = undefined
      const old = this.#worker
      const worker = this.#bind(process)
      if (old !== undefined) this.#letLeave(old)
      // Answered after the bind, so by then it has its memory.
      void worker.configure(configurationOf(this.environment, this.#ports.log)).then(resolve)
    })
    const cancel = (): void => {
      this.#renewal = undefined
      cancelTake()
      resolve()
    }
    if (!isHere) this.#renewal = { settled: promise, cancel }
    return promise
  }
  #letLeave(worker: BoundWorker): void {
    this.#ports.observe({ type: 'worker-retired', environment: this.environment.key, pid: worker.process.pid })
    this.#leaving.add(worker, () => {
      if (worker.isBusy) this.#takeOver(worker)
    })
  }

  #sendLoad(worker: BoundWorker, load: Load): void {
    worker.sendLoad(load)
  }

  /** Sends what can be sent, in order; a call whose code is missing steps aside for the others. */
  #pump(): void {
    const worker = this.#worker
    if (worker === undefined) return
    let taken = 0
    while (taken < this.#waiting.length && (worker.callCount < this.environment.limits.concurrency || this.#waiting[taken]?.isNested)) {
      const call = this.#waiting[taken] as Call
      taken += 1
      if (call.isDone) continue
      if (!hasPlace(worker, call)) {
        this.#hold(call)
        continue
      }
      const missing = codeOf(call.entry).filter((entry) => !this.#ensureFunction(worker, entry))
      if (missing[0] === undefined) worker.sendCall(call)
      else this.#missingCode.park(call, missing[0])
    }
    if (taken > 0) this.#waiting.splice(0, taken)
  }
  #ensureFunction(worker: BoundWorker, entry: FunctionEntry): boolean {
    if (worker.has(entry.index)) return true
    if (entry.source === undefined) return false
    this.#loadCount += 1
    const source = entry.source
    this.#sendLoad(worker, {
      entry,
      source,
      isServing: true,
      sentCount: 0,
      onSettled: (outcome) => {
        this.#loadCount -= 1
        if (outcome.outcome === 'refused') {
          this.#ports.log.warn(
            { environment: this.environment.key, function: entry.name, version: source.version, ...outcome.refusal },
            'A published function does not load.',
          )
        }
      },
    })
    return true
  }
  /** As many of its function run as may. */
  #hold(call: Call): void {
    if (!this.#held.add(call)) call.onFailed('WORKER_OVERLOADED')
  }
  #letGo(functionIndex: number): void {
    const worker = this.#worker
    const [first] = this.#held.take(functionIndex, 1)
    if (worker === undefined || first === undefined) return
    this.#waiting.unshift(first, ...this.#held.take(functionIndex, Math.max(0, placesOf(worker, first.entry) - 1)))
  }
  #takeWaiting(): Call[] {
    const calls = [...this.#waiting, ...this.#held.takeAll(), ...this.#missingCode.takeAll()].filter((call) => !call.isDone)
    this.#waiting = []
    return calls
  }
  #stillWaits(call: Call, nowMs: number): boolean {
    if (call.isDone) return false
    if (call.deadlineAtMs >= nowMs) return true
    this.#fail(call, 'FUNCTION_TIMED_OUT')
    return false
  }
  #endLate(call: Call): void {
    call.worker?.abort(call)
    if (!call.isDone) this.#fail(call, 'FUNCTION_TIMED_OUT')
  }
  /** Ends a call that the worker can say nothing about any more, so its author reads it here. */
  #fail(call: Call, code: keyof typeof failureTexts, message: string = failureTexts[code]): void {
    const { index, version } = call.entry
    this.#ports.onLog(this.environment, { index, version, requestId: call.requestId, level: 'error', message, at: Date.now() })
    call.onFailed(code)
  }
}

/** All that a call of this function runs through. */
const codeOf = (entry: FunctionEntry): readonly FunctionEntry[] => (entry.middleware.length === 0 ? [entry] : [...entry.middleware, entry])

/** How many more calls of the function may run. */
const placesOf = (worker: BoundWorker, { index, limits }: FunctionEntry): number =>
  limits.concurrency === undefined ? Number.POSITIVE_INFINITY : limits.concurrency - worker.runningOf(index)
/** A nested call has one: its own callers may hold all the others. */
const hasPlace = (worker: BoundWorker, call: Call): boolean => call.isNested === true || placesOf(worker, call.entry) > 0

function hasCode(worker: BoundWorker, { index, middleware }: FunctionEntry): boolean {
  if (!worker.has(index)) return false
  return middleware.length === 0 || middleware.every((entry) => worker.has(entry.index))
}
