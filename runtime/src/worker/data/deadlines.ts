import { DataTimedOut } from './data-error.ts'

const lookEveryMs = 25

/**
 * Ends the waiting for operations that the database does not answer in time; the server was told its own, shorter limit. One timer looks after all of
 * them, because a timer for each would cost as much as the rest of the bridge.
 */
export class Deadlines {
  readonly #waiting = new Set<{ endsAtMs: number; end(): void }>()
  #timer: NodeJS.Timeout | undefined

  get waitingCount(): number {
    return this.#waiting.size
  }
  /** @throws DataTimedOut, or what the work throws */
  within<T>(budgetMs: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = { endsAtMs: performance.now() + budgetMs, end: () => reject(new DataTimedOut(budgetMs)) }
      this.#waiting.add(waiting)
      this.#timer ??= setInterval(() => this.#look(), lookEveryMs).unref()
      work.then(
        (value) => {
          this.#remove(waiting)
          resolve(value)
        },
        (error) => {
          this.#remove(waiting)
          reject(error)
        },
      )
    })
  }
  #remove(waiting: { endsAtMs: number; end(): void }): void {
    this.#waiting.delete(waiting)
  }
  #look(): void {
    const nowMs = performance.now()
    for (const waiting of this.#waiting) {
      if (waiting.endsAtMs > nowMs) continue
      this.#remove(waiting)
      waiting.end()
    }
    if (this.#waiting.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
