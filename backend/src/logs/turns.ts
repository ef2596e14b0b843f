/** At most `max` at once, the others in the order in which they came. @returns takes a turn and resolves with what gives it back; rejects when the signal fires first */
export function createTurns(max: number): (signal: AbortSignal) => Promise<() => void> {
  const waiting = new Set<() => void>()
  let free = max
  const giveBack = () => {
    const [next] = waiting
    if (next === undefined) free += 1
    else {
      waiting.delete(next)
      next()
    }
  }
  /** Giving back twice gives back once. */
  const once = () => {
    let isGiven = false
    return () => {
      if (!isGiven) giveBack()
      isGiven = true
    }
  }
  return async (signal) => {
    signal.throwIfAborted()
    if (free > 0) {
      free -= 1
      return once()
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = () => {
      waiting.delete(resolve)
      reject(signal.reason)
    }
    waiting.add(resolve)
    signal.addEventListener('abort', onAbort, { once: true })
    await promise.finally(() => signal.removeEventListener('abort', onAbort))
    return once()
  }
}
