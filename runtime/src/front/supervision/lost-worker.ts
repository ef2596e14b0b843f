import type { Log } from '../../platform/log.ts'
import type { Environment } from '../environment.ts'
import type { Observe } from '../observe.ts'
import type { BoundWorker } from './bound-worker.ts'
import type { Call, Load } from './call.ts'
import type { FailCall } from './fail-call.ts'
import { judgeLoss, type LossReason, type Verdict } from './loss.ts'
import type { QuarantineKeeper } from './quarantine-keeper.ts'

export interface LossPorts {
  quarantine: Pick<QuarantineKeeper, 'blame'>
  failCall: FailCall
  log: Log
  observe: Observe
}

// A call that three workers died under is more likely the cause than the victim.
export const sendsMax = 3

/** A worker that is gone, and what it had: who is to blame, what the next worker is sent, and what is told that it is lost. */
export class LostWorker {
  /** For the next worker: calls that had not touched the outside world. */
  readonly callsAgain: readonly Call[]
  readonly loadsAgain: readonly Load[]
  readonly #environment: Environment
  readonly #ports: LossPorts
  readonly #reason: LossReason
  readonly #verdict: Verdict
  readonly #calls: readonly Call[]
  readonly #loads: readonly Load[]
  readonly #process: BoundWorker['process']

  constructor(environment: Environment, worker: Pick<BoundWorker, 'process' | 'takeInFlight'>, reason: LossReason, ports: LossPorts) {
    this.#environment = environment
    this.#ports = ports
    this.#reason = reason
    this.#process = worker.process
    const { calls, loads } = worker.takeInFlight()
    this.#calls = calls
    this.#loads = loads
    this.#verdict = judgeLoss(reason, worker.process.runningNote(), calls, loads)
    this.callsAgain = calls.filter((call) => this.#mayRunAgain(call))
    this.loadsAgain = loads.filter((load) => load !== this.#verdict.load && load.sentCount < sendsMax)
    for (const call of this.callsAgain) call.worker = undefined
  }

  /** To be called first: calls of a version that is in quarantine now go elsewhere. */
  blame(): void {
    const { functionIndex, load, text } = this.#verdict
    // A version that was only being loaded serves nobody yet: it is refused, and the one before it has done nothing.
    const isNew = load !== undefined && load.isServing !== true
    if (functionIndex !== undefined && !isNew) this.#ports.quarantine.blame(this.#environment, functionIndex, text)
  }
  /** Tells those that are not sent again, and everybody who watches. */
  settleRest(): void {
    const message = `The worker was lost when it loaded this version. ${this.#verdict.text}`
    for (const call of this.#calls) if (!call.isDone && !this.callsAgain.includes(call)) this.#fail(call)
    for (const load of this.#loads) {
      if (!this.loadsAgain.includes(load)) load.onSettled({ outcome: 'refused', refusal: { code: 'INTERNAL', message } })
    }
    this.#report()
  }

  #mayRunAgain(call: Call): boolean {
    return call !== this.#verdict.call && !call.isDone && !call.hasCrossed && call.sentCount < sendsMax && this.#reason !== 'broken'
  }
  /** The call that took the worker down is its author's fault; what was lost with it is not. */
  #fail(call: Call): void {
    const { failCall } = this.#ports
    if (call !== this.#verdict.call) failCall(call, 'WORKER_LOST')
    else failCall(call, this.#reason === 'silent' ? 'FUNCTION_TIMED_OUT' : 'FUNCTION_FAILED', this.#verdict.text)
  }
  #report(): void {
    const running = [...new Set(this.#calls.map(({ entry }) => entry.name))]
    const resent = this.callsAgain.length
    const facts = { environment: this.#environment.key, pid: this.#process.pid, reason: this.#reason, resent, failed: this.#calls.length - resent, running }
    this.#ports.log.warn({ ...facts, output: this.#process.errorTail() }, 'A worker was lost.')
    this.#ports.observe({ type: 'worker-lost', ...facts })
  }
}
