// One mocha process: node run-mocha.ts [--grep=text] <files>. Prints mocha's own report and sends its parent the counts.
import { parseArgs } from 'node:util'
import Mocha from 'mocha'
import options from '../../.mocharc.json' with { type: 'json' }
import type { Counts } from './counts.ts'

// After the last test nothing may keep the process alive; sockets take a moment to close.
const leaveWithinMs = 10_000

const { values, positionals } = parseArgs({ options: { grep: { type: 'string' } }, allowPositionals: true })
const isCi = Boolean(process.env.CI)
const mocha = new Mocha({ ...options, forbidOnly: isCi, ...(values.grep && { grep: values.grep }) })
for (const file of positionals) mocha.addFile(file)
await mocha.loadFilesAsync()

const unexplained: string[] = []
const runner = mocha.run(report)
runner.on('pending', (test) => {
  const reason = skipReason(test)
  if (reason === undefined) unexplained.push(test.fullTitle())
  else console.log(`      skipped: ${reason}`)
})

function skipReason(test: Mocha.Test | Mocha.Suite | undefined): string | undefined {
  if (test === undefined) return undefined
  return 'skipReason' in test ? String(test.skipReason) : skipReason(test.parent)
}

function report(): void {
  const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {}
  for (const title of unexplained) console.log(`Skipped without a reason (see test/support/skip.ts): ${title}`)
  const counts: Counts = { passed: passes, failed: failures, skipped: pending }
  if (isCi) {
    counts.failed += unexplained.length
    counts.skipped -= unexplained.length
  }
  process.send?.(counts)
  process.exitCode = counts.failed === 0 ? 0 : 1
  setTimeout(leaveByForce, leaveWithinMs, counts).unref()
}

/** Only reached when a test left something open, which would have kept the process from ending. */
function leaveByForce(counts: Counts): void {
  console.error(`A test left something open: ${process.getActiveResourcesInfo().join(', ')}`)
  process.send?.({ ...counts, failed: counts.failed + 1 } satisfies Counts, () => process.exit(1))
}
