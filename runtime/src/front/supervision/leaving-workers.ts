import type { BoundWorker } from './bound-worker.ts'
import type { Call } from './call.ts'

/** Workers whose place another has taken: they get no new calls, finish those they have, and leave. Deadlines bound how long that takes. */
export class LeavingWorkers {
  readonly #workers = new Set<BoundWorker>()

  /** @param onLost what becomes of the calls that a worker left behind */
  add(worker: BoundWorker, onLost: () => void): void {
    this.#workers.add(worker)
    worker.process.onLost = () => {
      this.#workers.delete(worker)
      onLost()
    }
    worker.drain()
  }
  get isEmpty(): boolean {
    return this.#workers.size === 0
  }
  all(): BoundWorker[] {
    return [...this.#workers]
  }
  calls(): Call[] {
    return this.all().flatMap((worker) => worker.calls())
  }
  /** Settles when all are gone; those that take longer are killed. */
  async ended(withinMs: number): Promise<void> {
    const workers = this.all()
    const timer = setTimeout(() => {
      for (const worker of workers) worker.process.kill()
    }, withinMs)
    await Promise.all(workers.map(({ process }) => process.exited))
    clearTimeout(timer)
  }
}
