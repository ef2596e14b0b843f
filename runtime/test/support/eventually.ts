import { setTimeout as sleep } from 'node:timers/promises'

const tryEveryMs = 10

/** Repeats `check` until it throws no more. @throws what it threw last when `timeoutMs` have passed or `signal` says to give up. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 25_000, signal?: AbortSignal): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadlineMs || signal?.aborted) throw error
      await sleep(tryEveryMs)
    }
  }
}
