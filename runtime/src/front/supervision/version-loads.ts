import type { Log } from '../../platform/log.ts'
import type { Environment, FunctionEntry, FunctionSource } from '../environment.ts'
import type { BoundWorker } from './bound-worker.ts'
import type { Load, LoadOutcome } from './call.ts'

type LoadingWorker = Pick<BoundWorker, 'has' | 'sendLoad'>

/** Versions on their way into the worker of an environment: new ones, which may be refused, and those that serve already and that this worker lacks. */
export class VersionLoads {
  readonly #environment: Environment
  readonly #log: Log
  /** For the next worker. */
  #waiting: Load[] = []
  #openCount = 0

  constructor(environment: Environment, log: Log) {
    this.#environment = environment
    this.#log = log
  }

  /** Sent or waiting, and not settled. */
  get openCount(): number {
    return this.#openCount
  }
  get waitingCount(): number {
    return this.#waiting.length
  }

  /** @param worker undefined: it waits for the next one @returns when the version serves, or why it does not */
  add(entry: Load['entry'], source: FunctionSource, worker: LoadingWorker | undefined): Promise<LoadOutcome> {
    return new Promise((resolve) => {
      const load = this.#open({ entry, source, sentCount: 0, onSettled: resolve })
      if (worker === undefined) this.#waiting.push(load)
      else this.#send(worker, load)
    })
  }
  /** Those that a lost worker leaves behind. */
  addAgain(loads: readonly Load[]): void {
    this.#waiting.push(...loads)
  }
  sendWaiting(worker: LoadingWorker): void {
    for (const load of this.#waiting.splice(0)) this.#send(worker, load)
  }
  abandonWaiting(): void {
    for (const load of this.#waiting.splice(0)) load.onSettled({ outcome: 'abandoned' })
  }

  /** Sends what serves unless the worker has it. @returns false when its code is not in memory */
  ensure(worker: LoadingWorker, entry: FunctionEntry): boolean {
    if (worker.has(entry)) return true
    if (entry.source === undefined) return false
    const { source } = entry
    const onSettled = (outcome: LoadOutcome): void => {
      if (outcome.outcome !== 'refused') return
      const facts = { environment: this.#environment.key, function: entry.name, version: source.version }
      this.#log.warn({ ...facts, ...outcome.refusal }, 'A published function does not load.')
    }
    worker.sendLoad(this.#open({ entry, source, isServing: true, sentCount: 0, onSettled }))
    return true
  }

  #open(load: Load): Load {
    this.#openCount += 1
    const onSettled = (outcome: LoadOutcome): void => {
      this.#openCount -= 1
      load.onSettled(outcome)
    }
    return { ...load, onSettled }
  }
  #send(worker: LoadingWorker, load: Load): void {
    // A new version that is refused leaves in place what serves, so that must be there before it.
    const serving = this.#environment.find(load.entry.name)
    if (load.isServing !== true && serving?.index === load.entry.index && this.#environment.quarantine?.holds(serving) !== true) this.ensure(worker, serving)
    worker.sendLoad(load)
  }
}
