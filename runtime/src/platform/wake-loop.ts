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

export function createWakeLoop({ run, tickMs, retryDelayMs, onError, onTick }: WakeLoopOptions): WakeLoop {
  const stopping = new AbortController()
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let isWanted = false
  let failuresInARow = 0

  const sleep = (ms: number, isTick: boolean): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (isTick) onTick()
      begin()
    }, ms)
    timer.unref()
  }
  const runUntilQuiet = async (): Promise<void> => {
    do {
      isWanted = false
      try {
        await run(stopping.signal)
        failuresInARow = 0
      } catch (error) {
        if (stopping.signal.aborted) return
        failuresInARow += 1
        onError(error)
        // A wake during an outage must not turn into a busy loop: the retry timer is the only way on.
        return
      }
    } while (isWanted && !stopping.signal.aborted)
  }
  const begin = (): void => {
    if (running !== undefined || stopping.signal.aborted) return
    clearTimeout(timer)
    running = runUntilQuiet().then(() => {
      running = undefined
      if (stopping.signal.aborted) return
      if (failuresInARow > 0) sleep(retryDelayMs(failuresInARow), false)
      else sleep(tickMs(), true)
    })
  }
  sleep(tickMs(), true)
  return {
    wake() {
      isWanted = true
      if (failuresInARow === 0) begin()
    },
    async stop() {
      stopping.abort()
      clearTimeout(timer)
      await running
    },
  }
}
