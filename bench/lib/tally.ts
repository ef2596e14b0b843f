/** Ids as somebody tells them, and a wait until some of them have been told. */
export interface Tally {
  tell(id: string): void
  /** @throws Error when they have not all been told after so long */
  all(ids: readonly string[], withinMs?: number): Promise<void>
}

const defaultWithinMs = 120_000

export function createTally(): Tally {
  const told = new Set<string>()
  const waiting = new Set<() => void>()
  return {
    tell(id) {
      told.add(id)
      for (const check of waiting) check()
    },
    async all(ids, withinMs = defaultWithinMs) {
      const missing = new Set(ids)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const check = () => {
        for (const id of missing) if (told.has(id)) missing.delete(id)
        if (missing.size === 0) resolve()
      }
      const timer = setTimeout(() => reject(new Error(`${missing.size} of ${ids.length} are not there after ${withinMs / 1000} s.`)), withinMs)
      waiting.add(check)
      check()
      try {
        await promise
      } finally {
        waiting.delete(check)
        clearTimeout(timer)
      }
    },
  }
}
