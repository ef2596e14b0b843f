/**
 * A job that runs whenever somebody wakes it and once per slow tick, never twice at the same time. Wakes that come while it runs lead to one more run.
 */
export interface WakeLoop {
  wake(): void
  /** Waits for the run in hand. */
  stop(): Promise<void>
}

export interface WakeLoopOptions {
  /** Gets a signal that fires on stop. What it throws goes to `onError`; the next run then waits for `retryDelayMs`. */
  run(signal: AbortSignal): Promise<void>
  /** Asked before each wait. */
  tickMs(): number
  retryDelayMs(failuresInARow: number): number
  onError(error: unknown): void
  /** Called when the tick, and not a wake, begins a run. */
  onTick(): void
}

export function createWakeLoop(options: WakeLoopOptions): WakeLoop {
  return new JobLoop(options)
}

/** A class, because there is one for each of thousands of gateways: its methods are then there once. */
class JobLoop implements WakeLoop {
  readonly #job: WakeLoopOptions
  /** Of the runs, while there is one. */
  #stopping: AbortController | undefined
  #isStopped = false
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #isWanted = false
  #failuresInARow = 0

  constructor(job: WakeLoopOptions) {
    this.#job = job
    this.#sleep(job.tickMs(), true)
  }

  wake(): void {
    this.#isWanted = true
    if (this.#failuresInARow === 0) this.#begin()
  }
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopping?.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  #sleep(ms: number, isTick: boolean): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (isTick) this.#job.onTick()
      this.#begin()
    }, ms)
    this.#timer.unref()
  }
  #begin(): void {
    if (this.#running !== undefined || this.#isStopped) return
    clearTimeout(this.#timer)
    this.#stopping = new AbortController()
    this.#running = this.#runUntilQuiet(this.#stopping.signal).then(() => {
      this.#running = undefined
      this.#stopping = undefined
      if (this.#isStopped) return
      if (this.#failuresInARow > 0) this.#sleep(this.#job.retryDelayMs(this.#failuresInARow), false)
      else this.#sleep(this.#job.tickMs(), true)
    })
  }
  async #runUntilQuiet(signal: AbortSignal): Promise<void> {
    do {
      this.#isWanted = false
      try {
        await this.#job.run(signal)
        this.#failuresInARow = 0
      } catch (error) {
        if (signal.aborted) return
        this.#failuresInARow += 1
        this.#job.onError(error)
        // A wake during an outage must not turn into a busy loop: the retry timer is the only way on.
        return
      }
    } while (this.#isWanted && !signal.aborted)
  }
}
