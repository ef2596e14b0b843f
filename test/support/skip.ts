// Every skipped test says why: `npm test` prints the reason, and on CI a skip without one fails.

/** Leaves a test (or, in a hook, its whole suite) out for a reason that is no fault, such as another operating system. */
export function skip(context: Mocha.Context, reason: string): never {
  const runnable = context.test
  const isHook = runnable !== undefined && 'type' in runnable && runnable.type === 'hook'
  const owner = isHook ? runnable.parent : runnable
  if (owner) Object.assign(owner, { skipReason: reason })
  return context.skip()
}

/**
 * Leaves a test out where a tool is missing that a developer's machine may lack. CI has every tool, so there it fails.
 * @param remedy how to get the tool
 */
export function skipWithout(tool: string, context: Mocha.Context, remedy: string): never {
  if (process.env.CI) throw new Error(`${tool} is missing. ${remedy}`)
  return skip(context, `${tool} is missing. ${remedy}`)
}
