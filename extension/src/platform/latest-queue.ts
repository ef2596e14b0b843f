interface Waiting {
  task: () => Promise<void>
  readonly done: PromiseWithResolvers<void>
}

/**
 * Runs one task per key at a time. While one runs, only the newest task that waits is kept: what was asked for in between is
 * answered by the newest one. Different keys run side by side.
 */
export class LatestQueue {
  readonly #busy = new Set<string>()
  readonly #waiting = new Map<string, Waiting>()

  /** Settles as the task does, or as the newer one that took its place. */
  run(key: string, task: () => Promise<void>): Promise<void> {
    if (!this.#busy.has(key)) return this.#start(key, task)
    const waiting = this.#waiting.get(key) ?? { task, done: Promise.withResolvers<void>() }
    waiting.task = task
    this.#waiting.set(key, waiting)
    return waiting.done.promise
  }

  isBusy(key: string): boolean {
    return this.#busy.has(key)
  }

  async #start(key: string, task: () => Promise<void>): Promise<void> {
    this.#busy.add(key)
    try {
      await task()
    } finally {
      this.#next(key)
    }
  }

  #next(key: string): void {
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    if (waiting) waiting.done.resolve(this.#start(key, waiting.task))
    else this.#busy.delete(key)
  }
}
