import type { LogMessage, RefusedMessage } from '../../frames/frames.ts'
import type { Log } from '../../platform/log.ts'
import { configurationOf } from '../configuration.ts'
import type { Environment, FunctionEntry, FunctionSource } from '../environment.ts'
import type { Observe } from '../observe.ts'
import { AwaitedSpare } from './awaited-spare.ts'
import { BoundWorker, type BoundWorkerOwner, type HeartbeatRules } from './bound-worker.ts'
import type { Call, Load, LoadOutcome } from './call.ts'
import { createFailCall, type FailCall } from './fail-call.ts'
import type { CallTaker } from './internal-call.ts'
import { LeavingWorkers } from './leaving-workers.ts'
import type { LossReason } from './loss.ts'
import { LostWorker, sendsMax } from './lost-worker.ts'
import type { FetchSource } from './missing-code.ts'
import type { QuarantineKeeper } from './quarantine-keeper.ts'
import type { Spares } from './spares.ts'
import { VersionLoads } from './version-loads.ts'
import { WaitingCalls, type WaitingCallsOwner } from './waiting-calls.ts'
import type { WorkerProcess } from './worker-process.ts'
import { WorkerRenewal } from './worker-renewal.ts'

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

// Calls have been answered by then or have been given up; the rest is for work after the answer.
const drainMsDefault = 10_000

/**
 * Brings calls and loads of one environment to its worker: binds a spare when there is none and goes on with the next when it is lost. What waits is kept by
 * `WaitingCalls` and `VersionLoads`. Order on the frame socket replaces acknowledgements: bind, load and the waiting calls leave in one go.
 */
export class Dispatcher implements BoundWorkerOwner, WaitingCallsOwner<BoundWorker> {
  readonly environment: Environment
  /** For what is kept apart: versions in quarantine and code that was never saved. */
  readonly isForQuarantine: boolean
  readonly failCall: FailCall
  readonly #ports: DispatcherPorts
  #worker: BoundWorker | undefined
  readonly #spare: AwaitedSpare
  readonly #renewal: WorkerRenewal
  readonly #leaving = new LeavingWorkers()
  readonly #waiting: WaitingCalls
  readonly #loads: VersionLoads
  #lostReason: LossReason = 'exited'
  #usedAtMs = performance.now()

  constructor(environment: Environment, isForQuarantine: boolean, ports: DispatcherPorts) {
    this.environment = environment
    this.isForQuarantine = isForQuarantine
    this.failCall = createFailCall(environment, ports.onLog)
    this.#ports = ports
    this.#spare = new AwaitedSpare(ports.spares)
    this.#renewal = new WorkerRenewal(ports.spares)
    this.#waiting = new WaitingCalls(environment, ports, this)
    this.#loads = new VersionLoads(environment, ports.log)
  }

  get calls(): CallTaker {
    return this.#ports.calls
  }
  get worker(): BoundWorker | undefined {
    return this.#worker
  }
  get isQuiet(): boolean {
    const isWaiting = this.#waiting.callCount + this.#loads.openCount > 0 || this.#spare.isAwaited || this.#renewal.isUnderWay
    return !isWaiting && this.#worker?.isBusy !== true && this.#leaving.isEmpty
  }
  get usedAtMs(): number {
    return this.#usedAtMs
  }
  /** What its workers take, as they were seen last. */
  get rssBytes(): number {
    return [...this.#leaving.all(), ...(this.#worker === undefined ? [] : [this.#worker])].reduce((sum, worker) => sum + worker.rssBytes, 0)
  }

  dispatch(call: Call): void {
    this.#usedAtMs = performance.now()
    if (this.#waiting.add(call) && this.#worker === undefined) this.#needWorker()
  }
  /** Settles when the version serves, or the worker refused it. Binds a worker when there is none. */
  load(entry: Load['entry'], source: FunctionSource): Promise<LoadOutcome> {
    this.#usedAtMs = performance.now()
    const settled = this.#loads.add(entry, source, this.#worker)
    this.#needWorker()
    return settled
  }
  unload(index: number): void {
    this.#worker?.sendUnload(index)
  }
  ensureCode(worker: BoundWorker, entry: FunctionEntry): boolean {
    return this.#loads.ensure(worker, entry)
  }

  /** Settles when the worker goes by the environment's settings as they are now, or is gone: the next one begins with them. */
  configure(): Promise<void> | undefined {
    const worker = this.#worker
    if (worker === undefined) return undefined
    const configured = worker.configure(configurationOf(this.environment, this.#ports.log))
    // What an isolate and its process may use is fixed when they are made.
    if (worker.memoryMb === this.environment.memoryMb && worker.cpuMillicores === this.environment.cpuMillicores) return configured
    return Promise.all([configured, this.#renewal.begin((process) => this.#replaceBy(process))]).then(() => {})
  }

  /** Ends the calls whose time is up; called at every tick. */
  endLateCalls(nowMs: number): void {
    if (this.#worker !== undefined && this.#worker.callCount > 0) this.#endLate(this.#worker.calls(), nowMs)
    this.#endLate(this.#leaving.calls(), nowMs)
    this.#waiting.endLate(nowMs)
  }
  #endLate(calls: readonly Call[], nowMs: number): void {
    for (const call of calls) {
      if (call.deadlineAtMs >= nowMs) continue
      call.worker?.abort(call)
      if (!call.isDone) this.failCall(call, 'FUNCTION_TIMED_OUT')
    }
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
    this.#spare.cancel()
    this.#renewal.cancel()
    for (const call of this.#waiting.takeAll()) call.onFailed('WORKER_LOST')
    this.#loads.abandonWaiting()
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

  onCallEnded(functionIndex: number): void {
    this.#usedAtMs = performance.now()
    this.#waiting.onPlaceFree(functionIndex)
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
  onExpelled(functionIndex: number, version: string): void {
    if (this.#ports.quarantine.onExpelled(this.environment, functionIndex, version)) this.#handOverQuarantined()
    // Whichever version serves now, the worker may lack it.
    else this.unload(functionIndex)
  }
  onReturned(call: Call): void {
    if (call.isDone) return
    if (call.sentCount < sendsMax) this.#ports.calls.dispatch(this.environment, call)
    else this.failCall(call, 'WORKER_LOST')
  }
  /** The worker is gone: what had not crossed is sent to the next one, the rest is told so. */
  onLost(worker: BoundWorker): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#takeOver(worker)
  }
  #takeOver(worker: BoundWorker): void {
    const lost = new LostWorker(this.environment, worker, this.#lostReason, { ...this.#ports, failCall: this.failCall })
    this.#lostReason = 'exited'
    lost.blame()
    this.#waiting.addAgain(lost.callsAgain)
    this.#loads.addAgain(lost.loadsAgain)
    this.#handOverQuarantined()
    lost.settleRest()
    if (this.#worker !== undefined) this.#sendWaiting(this.#worker)
    else if (this.#waiting.callCount + this.#loads.waitingCount > 0) this.#needWorker()
  }
  /** Hands the calls of versions that are in quarantine now to those who keep them apart. */
  #handOverQuarantined(): void {
    const { environment } = this
    if (this.isForQuarantine || environment.quarantine === undefined) return
    for (const call of this.#waiting.takeWhere(({ entry }) => environment.quarantine?.holds(entry) === true)) this.#ports.calls.dispatch(environment, call)
  }
  /** A worker that was sent away took longer than its calls could wait. */
  #giveUp(worker: BoundWorker): void {
    const { calls, loads } = worker.takeInFlight()
    for (const call of calls) if (!call.isDone) this.failCall(call, 'WORKER_LOST')
    for (const load of loads) load.onSettled({ outcome: 'abandoned' })
  }

  #needWorker(): void {
    if (this.#worker === undefined) this.#spare.request((process) => this.#bind(process))
  }
  #bind(process: WorkerProcess): BoundWorker {
    const worker = new BoundWorker(process, this.environment, configurationOf(this.environment, this.#ports.log), this)
    this.#worker = worker
    this.#ports.observe({ type: 'worker-bound', environment: this.environment.key, pid: process.pid })
    this.#sendWaiting(worker)
    return worker
  }
  #sendWaiting(worker: BoundWorker): void {
    this.#loads.sendWaiting(worker)
    this.#waiting.send()
  }
  /** @returns when the worker has the memory that the settings say */
  #replaceBy(process: WorkerProcess): Promise<void> {
    this.#spare.cancel()
    const old = this.#worker
    const worker = this.#bind(process)
    if (old !== undefined) this.#letLeave(old)
    // Answered after the bind, so by then it has its memory.
    return worker.configure(configurationOf(this.environment, this.#ports.log))
  }
  #letLeave(worker: BoundWorker): void {
    this.#ports.observe({ type: 'worker-retired', environment: this.environment.key, pid: worker.process.pid })
    this.#leaving.add(worker, () => {
      if (worker.isBusy) this.#takeOver(worker)
    })
  }
}
