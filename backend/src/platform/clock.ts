import { setTimeout as sleep } from 'node:timers/promises'

/** Time as the rest of the backend sees it, so that a test can move it. What several processes compare is never this, but the database's clock. */
export interface Clock {
  now(): Date
  /** Milliseconds from an arbitrary start that never go back, with fractions: for measuring, not for storing. */
  monotonicMs(): number
  /** @throws the signal's reason when it fires first. */
  sleepMs(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleepMs: async (ms, signal) => {
    try {
      await sleep(ms, undefined, signal ? { signal } : undefined)
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
  },
}
