import { appendFile } from 'node:fs/promises'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

export const noCounts: Counts = { passed: 0, failed: 0, skipped: 0 }

export const addCounts = (a: Counts, b: Counts): Counts => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped })

export const countsLine = ({ passed, failed, skipped }: Counts): string => `${passed} passed, ${failed} failed, ${skipped} skipped`

/**
 * Ends a task that ran tests: the plain count line comes last, and the exit code says whether all is well. A run without
 * a single test is a fault of the run. IMPRUN_TEST_COUNTS names a file that collects the counts of several tasks.
 */
export async function finish(counts: Counts): Promise<void> {
  const line = countsLine(counts)
  if (process.env.IMPRUN_TEST_COUNTS) await appendFile(process.env.IMPRUN_TEST_COUNTS, `${line}\n`)
  console.log(`\n${line}`)
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1
}
