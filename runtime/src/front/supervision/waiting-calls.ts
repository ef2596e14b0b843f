import type { ErrorCode } from '@imprun/contracts'
import type { Log } from '../../platform/log.ts'
import type { Environment, FunctionEntry } from '../environment.ts'
import type { BoundWorker } from './bound-worker.ts'
import type { Call } from './call.ts'
import type { FailCall } from './fail-call.ts'
import { HeldCalls } from './held-calls.ts'
import { type FetchSource, MissingCode, type MissingCodeOwner } from './missing-code.ts'

/** What the line needs to know of a worker. */
export type CallingWorker = Pick<BoundWorker, 'callCount' | 'runningOf' | 'has' | 'sendCall'>

export interface WaitingCallsOwner<Worker extends CallingWorker> {
  /** Where calls go now, if there is such a worker. */
  readonly worker: Worker | undefined
  /** @returns false when the code is not in memory */
  ensureCode(worker: Worker, entry: FunctionEntry): boolean
  readonly failCall: FailCall
}

/** Calls of one environment that wait for a worker, for code or for a free place. Beyond it the caller is told to come back. */
export const waitingCallsMax = 1_000

/**
 * Calls of one environment that can not run yet, first come, first served: they wait for a worker, for one of the environment's places, for a place of their
 * function, or for code that is not in memory. A call that waits for something of its own steps aside for the others; nobody waits beyond its deadline.
 */
export class WaitingCalls<Worker extends CallingWorker = BoundWorker> implements MissingCodeOwner {
  readonly #environment: Environment
  readonly #owner: WaitingCallsOwner<Worker>
  #line: Call[] = []
  readonly #held = new HeldCalls()
  readonly #missingCode: MissingCode

  constructor(environment: Environment, ports: { fetchSource: FetchSource; log: Log }, owner: WaitingCallsOwner<Worker>) {
    this.#environment = environment
    this.#owner = owner
    this.#missingCode = new MissingCode(environment, ports, this)
  }

  get callCount(): number {
    return this.#line.length + this.#missingCode.callCount + this.#held.callCount
  }

  /** Sends the call at once when nothing keeps it. @returns false when it was turned away */
  add(call: Call): boolean {
    const { worker } = this.#owner
    if (worker !== undefined && !hasPlace(worker, call)) return this.#hold(call)
    if (worker !== undefined && this.#line.length === 0 && worker.callCount < this.#environment.limits.concurrency && hasCode(worker, call.entry)) {
      worker.sendCall(call)
      return true
    }
    if (call.isNested) this.#line.unshift(call)
    else if (this.#line.length + this.#missingCode.callCount >= waitingCallsMax) return turnAway(call)
    else this.#line.push(call)
    if (worker !== undefined) this.send()
    // The code is on its way while the worker is.
    else for (const entry of codeOf(call.entry)) if (entry.source === undefined) this.#missingCode.fetch(entry)
    return true
  }
  /** Puts the calls that a lost worker leaves behind before the others, and those that were held with them: the next worker has all its places. */
  addAgain(calls: readonly Call[]): void {
    this.#line = [...calls, ...this.#held.takeAll(), ...this.#line]
  }
  /** Takes calls out of the line. */
  takeWhere(isTaken: (call: Call) => boolean): Call[] {
    const taken = new Set(this.#line.filter(isTaken))
    if (taken.size > 0) this.#line = this.#line.filter((call) => !taken.has(call))
    return [...taken]
  }
  takeAll(): Call[] {
    const calls = [...this.#line, ...this.#held.takeAll(), ...this.#missingCode.takeAll()].filter((call) => !call.isDone)
    this.#line = []
    return calls
  }

  /** Sends what can be sent, in order. */
  send(): void {
    const { worker } = this.#owner
    if (worker === undefined) return
    for (let call = this.#line[0]; call !== undefined; call = this.#line[0]) {
      if (worker.callCount >= this.#environment.limits.concurrency && !call.isNested) return
      this.#line.shift()
      if (!call.isDone) this.#sendOne(worker, call)
    }
  }
  #sendOne(worker: Worker, call: Call): void {
    if (!hasPlace(worker, call)) {
      this.#hold(call)
      return
    }
    const missing = codeOf(call.entry).filter((entry) => !this.#owner.ensureCode(worker, entry))
    if (missing[0] === undefined) worker.sendCall(call)
    else this.#missingCode.park(call, missing[0])
  }
  /** A call of the function has left its place. */
  onPlaceFree(functionIndex: number): void {
    if (this.#held.callCount > 0) this.#letGo(functionIndex)
    this.send()
  }

  endLate(nowMs: number): void {
    const stillWaits = (call: Call): boolean => {
      if (call.isDone) return false
      if (call.deadlineAtMs >= nowMs) return true
      this.#owner.failCall(call, 'FUNCTION_TIMED_OUT')
      return false
    }
    if (this.#line.length > 0) this.#line = this.#line.filter(stillWaits)
    if (this.#missingCode.callCount > 0) this.#missingCode.keepOnly(stillWaits)
    if (this.#held.callCount > 0) this.#held.keepOnly(stillWaits)
  }

  onCodeHere(calls: Call[]): void {
    if (calls.length > 0) this.#line = [...calls, ...this.#line]
    this.send()
  }
  onCodeMissing(functionIndex: number, parked: Call[], reason: ErrorCode): void {
    // Without a worker the calls have not been parked yet, and no code will be there for them when one comes.
    const isConcerned = ({ entry }: Call): boolean => this.#owner.worker === undefined && codeOf(entry).some(({ index }) => index === functionIndex)
    const concerned = [...parked, ...this.takeWhere(isConcerned)]
    // A middleware that has just been removed is no reason to say that its function does not exist.
    for (const call of concerned) if (!call.isDone) call.onFailed(call.entry.index === functionIndex ? reason : 'DATABASE_UNAVAILABLE')
  }

  /** As many of its function run as may. */
  #hold(call: Call): boolean {
    return this.#held.add(call) || turnAway(call)
  }
  #letGo(functionIndex: number): void {
    const { worker } = this.#owner
    const [first] = this.#held.take(functionIndex, 1)
    if (worker === undefined || first === undefined) return
    this.#line.unshift(first, ...this.#held.take(functionIndex, Math.max(0, placesOf(worker, first.entry) - 1)))
  }
}

function turnAway(call: Call): false {
  call.onFailed('WORKER_OVERLOADED')
  return false
}

/** All that a call of this function runs through. */
const codeOf = (entry: FunctionEntry): readonly FunctionEntry[] => (entry.middleware.length === 0 ? [entry] : [...entry.middleware, entry])

const hasCode = (worker: CallingWorker, entry: FunctionEntry): boolean =>
  worker.has(entry) && (entry.middleware.length === 0 || entry.middleware.every((each) => worker.has(each)))

/** How many more calls of the function may run. */
const placesOf = (worker: CallingWorker, { index, limits }: FunctionEntry): number =>
  limits.concurrency === undefined ? Number.POSITIVE_INFINITY : limits.concurrency - worker.runningOf(index)
/** A nested call has one: its own callers may hold all the others. */
const hasPlace = (worker: CallingWorker, call: Call): boolean => call.isNested === true || placesOf(worker, call.entry) > 0
