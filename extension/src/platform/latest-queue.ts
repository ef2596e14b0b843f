/**
 * Runs one task per key at a time. While one runs, only the newest task that waits is kept: what was asked for in between is
 * answered by the newest one. Different keys run side by side.
 */
export class LatestQueue {
  readonly #running = new Map<string, Promise<void>>()
  readonly #waiting = new Map<string, () => Promise<void>>()

  /** Settles when the key has nothing left to do; a task must handle its own failure. */
  run(key: string, task: () => Promise<void>): Promise<void> {
    const running = this.#running.get(key)
    if (running) {
      this.#waiting.set(key, task)
      return running
    }
    const work = this.#drain(key, task)
    this.#running.set(key, work)
    return work
  }

  isBusy(key: string): boolean {
    return this.#running.has(key)
  }

  async #drain(key: string, first: () => Promise<void>): Promise<void> {
    try {
      for (let task: (() => Promise<void>) | undefined = first; task; task = this.#take(key)) await task()
    } finally {
      this.#running.delete(key)
    }
  }

  #take(key: string): (() => Promise<void>) | undefined {
    const task = this.#waiting.get(key)
    this.#waiting.delete(key)
    return task
  }
}
