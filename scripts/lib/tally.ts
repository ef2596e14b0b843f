import type { Runner, Suite, Test } from 'mocha'
import type { Counts } from './counts.ts'

/**
 * Shows the reason of every skipped test and of every further attempt, and counts. On CI a test that is skipped without one (see test/support/skip.ts)
 * counts as failed: what nobody explains, nobody comes back to.
 * @returns the counts, to be asked for when the runner has ended
 */
export function tallyOf(runner: Runner, { isCi, print }: { isCi: boolean; print: (line: string) => void }): () => Counts {
  const unexplained: string[] = []
  runner.on('pending', (test) => {
    const reason = skipReason(test)
    if (reason === undefined) unexplained.push(test.fullTitle())
    else print(`      skipped: ${reason}`)
  })
  runner.on('retry', (test: Test, error: Error) => print(`      tried once more: ${test.title}\n${error.stack ?? error.message}`))
  return () => {
    for (const title of unexplained) print(`Skipped without a reason (see test/support/skip.ts): ${title}`)
    const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {}
    const counted = isCi ? unexplained.length : 0
    return { passed: passes, failed: failures + counted, skipped: pending - counted }
  }
}

function skipReason(test: Test | Suite | undefined): string | undefined {
  if (test === undefined) return undefined
  return 'skipReason' in test ? String(test.skipReason) : skipReason(test.parent)
}
