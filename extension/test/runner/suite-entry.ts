// Runs inside the extension host: the entry that bundle-suite.ts makes hands over the test files.
import { appendFileSync, writeFileSync } from 'node:fs'
import { format } from 'node:util'
import type MochaClass from 'mocha'
import options from '../../../.mocharc.json' with { type: 'json' }
import type { Counts } from '../../../scripts/lib/counts.ts'
import { tallyOf } from '../../../scripts/lib/tally.ts'

export const suiteLogVariable = 'IMPRUN_TEST_SUITE_LOG'
export const suiteCountsVariable = 'IMPRUN_TEST_SUITE_COUNTS'

/**
 * Runs mocha on test files that are loaded when mocha's globals are there. Its report goes to a file, because the
 * extension host's console is the window's; so do the counts.
 */
export async function runSuite(files: (() => Promise<unknown>)[]): Promise<void> {
  const { default: Mocha } = await import('mocha')
  const isCi = Boolean(process.env.CI)
  const log = process.env[suiteLogVariable]
  const print = (...words: unknown[]) => (log ? appendFileSync(log, `${format(...words)}\n`) : console.log(...words))
  Mocha.reporters.Base.consoleLog = print
  const mocha = new Mocha({ ...options, color: false, forbidOnly: isCi })
  mocha.suite.emit('pre-require', globalThis as unknown as MochaClass.MochaGlobals, 'suite', mocha)
  for (const load of files) await load()
  const counts = await new Promise<Counts>((resolve) => {
    const runner = mocha.run(() => resolve(tally()))
    const tally = tallyOf(runner, { isCi, print })
  })
  const target = process.env[suiteCountsVariable]
  if (target) writeFileSync(target, JSON.stringify(counts))
  if (counts.failed > 0) throw new Error(`${counts.failed} tests failed`)
}
