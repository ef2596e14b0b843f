const timersMax = 1000

/** The timers of one version; they end with its context. */
export class FunctionTimers {
  readonly #fire: (timer: number, callNumber: unknown) => void
  readonly #timers = new Map<number, NodeJS.Timeout>()

  constructor(fire: (timer: number, callNumber: unknown) => void) {
    this.#fire = fire
  }
  /** @param callNumber the call that fails when the timer's code does not come to its end */
  set(timer: number, delayMs: number, callNumber: unknown): void {
    if (this.#timers.size >= timersMax) return
    clearTimeout(this.#timers.get(timer))
    const onTime = (): void => {
      this.#timers.delete(timer)
      this.#fire(timer, callNumber)
    }
    this.#timers.set(timer, setTimeout(onTime, delayMs))
  }
  clear(timer: number): void {
    clearTimeout(this.#timers.get(timer))
    this.#timers.delete(timer)
  }
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }
}
