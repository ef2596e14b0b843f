/** Failures in a row after which a person should look. The engine goes on trying. */
export const attemptsBeforeStalled = 10
const firstMs = 1_000
const longestMs = 5 * 60_000

/**
 * How long to wait after a failure: 1 s, doubled each time, at most 5 minutes. Up to a fifth is taken off at random, so that many documents that failed
 * for one reason do not come back in one moment.
 * @param attempts failures in a row, this one included.
 */
export const backoffMs = (attempts: number, random: () => number = Math.random): number =>
  Math.round(Math.min(firstMs * 2 ** Math.max(0, attempts - 1), longestMs) * (1 - random() / 5))
