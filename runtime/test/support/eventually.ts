import { setTimeout as sleep } from 'node:timers/promises'

const tryEveryMs = 10

/** Repeats `check` until it throws no more. @throws what it threw last when `timeoutMs` have passed. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 10_000): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadlineMs) throw error
      await sleep(tryEveryMs)
    }
  }
}
