const firstMs = 250
// Long enough to be no load on a backend that is down for hours, short enough that nobody reaches for Retry after a restart.
const ceilingMs = 10_000

/** Waits between attempts: doubling up to a ceiling, with the upper half random so that many windows do not come back at once. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(firstMs * 2 ** Math.min(attempt, 20), ceilingMs)
  return Math.round(full / 2 + (random() * full) / 2)
}
