import { type Clock, systemClock } from '../../src/platform/clock.ts'

export interface MovingClock extends Clock {
  /** From now on it is so much later. Who sleeps is not woken. */
  advanceMs(ms: number): void
}

/** The system's time, and what a test has added to it. */
export function createMovingClock(): MovingClock {
  let aheadMs = 0
  return {
    now: () => new Date(systemClock.now().getTime() + aheadMs),
    monotonicMs: () => systemClock.monotonicMs() + aheadMs,
    sleepMs: systemClock.sleepMs,
    advanceMs(ms) {
      aheadMs += ms
    },
  }
}
