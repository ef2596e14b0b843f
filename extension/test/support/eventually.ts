import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 10

/** Waits until `check` no longer throws, and fails with its last word when it goes on throwing. */
export async function eventually<Value>(check: () => Value | Promise<Value>, withinMs = 30_000): Promise<Value> {
  const deadline = performance.now() + withinMs
  while (true) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await sleep(pollMs)
    }
  }
}
