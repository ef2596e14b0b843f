import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type Counts, countsLine, noCounts } from './counts.ts'
import { endLeftBehind, runMarker } from './left-behind.ts'
import { repository, seconds } from './programs.ts'

// A server that a test told to stop may need a moment to flush its files.
const leaveWithinMs = 5_000

/** Runs test files in one mocha process. What goes wrong outside a test (a file that does not load, a process left behind) counts as failed. */
export async function runTestSet(name: string, files: string[], mochaArgs: string[]): Promise<Counts> {
  console.log(`\n== ${name} (${files.length} files)`)
  const startedAt = performance.now()
  const run = randomUUID()
  const counts = await runMocha(files, mochaArgs, { ...process.env, [runMarker]: run })
  for (const left of await endLeftBehind(run, leaveWithinMs)) {
    console.error(`A test left a process behind: ${left}`)
    counts.failed += 1
  }
  console.log(`== ${name}: ${countsLine(counts)} (${seconds(performance.now() - startedAt)})`)
  return counts
}

async function runMocha(files: string[], mochaArgs: string[], env: NodeJS.ProcessEnv): Promise<Counts> {
  const child = fork(join(import.meta.dirname, 'run-mocha.ts'), [...mochaArgs, ...files], { cwd: repository, env, execArgv: [] })
  let counts: Counts | undefined
  child.on('message', (message) => {
    counts = message as Counts
  })
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (counts === undefined) {
    console.error(`mocha ended with ${code} before it could count.`)
    return { ...noCounts, failed: 1 }
  }
  return code === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 }
}
