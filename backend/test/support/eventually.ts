import { setTimeout as sleep } from 'node:timers/promises'

const tryEveryMs = 20

/** Repeats `check` until it throws no more. @throws what it threw last when `timeoutMs` has passed. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 25_000): Promise<T> {
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
