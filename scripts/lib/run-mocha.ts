// One mocha process: node run-mocha.ts [--grep=text] [--retries=N] <files>. Prints mocha's own report and sends its parent the counts.
import { parseArgs } from 'node:util'
import Mocha from 'mocha'
import options from '../../.mocharc.json' with { type: 'json' }
import type { Counts } from './counts.ts'
import { noteOpenThings } from './open-things.ts'
import { tallyOf } from './tally.ts'

/** What the process tells its parent. */
export interface MochaReport {
  counts: Counts
  /** What is open, and since which suite. */
  open: string[]
}

// After the last test nothing may keep the process alive; sockets take a moment to close.
const leaveWithinMs = 10_000

const { values, positionals } = parseArgs({ options: { grep: { type: 'string' }, retries: { type: 'string', default: '0' } }, allowPositionals: true })
const isCi = Boolean(process.env.CI)
const retries = Number(values.retries)
const mocha = new Mocha({ ...options, retries, color: process.stdout.isTTY === true, forbidOnly: isCi, ...(values.grep && { grep: values.grep }) })
for (const file of positionals) mocha.addFile(file)
await mocha.loadFilesAsync()

const runner = mocha.run(() => {
  const counts = tally()
  process.send?.({ counts, open: listOpenThings() } satisfies MochaReport)
  process.exitCode = counts.failed === 0 ? 0 : 1
  setTimeout(leaveByForce, leaveWithinMs, counts).unref()
})
const tally = tallyOf(runner, { isCi, print: console.log })
const listOpenThings = noteOpenThings(runner)

/** Only reached when a test left something open, which would have kept the process from ending. */
function leaveByForce(counts: Counts): void {
  const open = listOpenThings()
  console.error(`A test left something open. Open now:\n${open.join('\n')}`)
  process.send?.({ counts: { ...counts, failed: counts.failed + 1 }, open } satisfies MochaReport, () => process.exit(1))
}
