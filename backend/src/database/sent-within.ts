/**
 * For an operation that must not be sent any more once so many milliseconds are over, whatever it waited for: a connection, or this process. What was sent
 * by then may still be carried out.
 * @throws Error when they are over already.
 */
export function sentWithin(ms: number | undefined): { timeoutMS?: number } {
  if (ms === undefined) return {}
  if (ms <= 0) throw new Error('The time in which this could be done is over.')
  // The driver takes 0 for no limit at all.
  return { timeoutMS: Math.max(1, Math.floor(ms)) }
}
