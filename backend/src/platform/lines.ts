const lines = new Map<string, Promise<void>>()

/**
 * Whoever works on the same key in this process comes one after the other. `leave` lets the next one begin before the work has ended.
 * @throws what `work` throws
 */
export async function inLine<T>(key: string, work: (leave: () => void) => Promise<T>): Promise<T> {
  const before = lines.get(key)
  const { promise: left, resolve: leave } = Promise.withResolvers<void>()
  const mine = before ? before.then(() => left) : left
  lines.set(key, mine)
  await before
  try {
    return await work(leave)
  } finally {
    leave()
    if (lines.get(key) === mine) lines.delete(key)
  }
}
