import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Counts, countsLine, noCounts } from './counts.ts'
import { endLeftBehind, runMarker } from './left-behind.ts'
import { repository, seconds } from './programs.ts'
import type { MochaReport } from './run-mocha.ts'

// A server that a test told to stop may need a moment to flush its files, and longer on a machine that is busy.
const leaveWithinMs = 15_000

/**
 * Runs test files in one mocha process. What goes wrong outside a test counts as failed: a file that does not load, a
 * process or a temporary file left behind. The tests neither see nor disturb an imprun that its user runs.
 */
export async function runTestSet(name: string, files: string[], mochaArgs: string[]): Promise<Counts> {
  console.log(`\n== ${name} (${files.length} files)`)
  const startedAt = performance.now()
  const run = randomUUID()
  // A short name: sockets are made in it, whose whole path may have some 100 characters.
  const temporary = await mkdtemp(join(tmpdir(), 't-'))
  const own = { [runMarker]: run, TMPDIR: temporary, TEMP: temporary, TMP: temporary, IMPRUN_STATE: join(temporary, 'state') }
  const { counts, open } = await runMocha(files, mochaArgs, { ...process.env, ...own })
  const left = [...(await endLeftBehind(run, leaveWithinMs)).map((line) => `the process ${line}`), ...(await removeTemporary(temporary, open))]
  for (const what of left) console.error(`A test left behind ${what}`)
  counts.failed += left.length
  console.log(`== ${name}: ${countsLine(counts)} (${seconds(performance.now() - startedAt)})`)
  return counts
}

/**
 * @param open what was open, and since which suite
 * @returns our own files that were left in it; what other programs keep there (browsers do) is only removed
 */
async function removeTemporary(folder: string, open: string[]): Promise<string[]> {
  const names = await readdir(folder)
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  return names.filter((name) => name.startsWith('imprun')).map((name) => `the temporary file ${open.find((line) => line.startsWith(name)) ?? name}`)
}

async function runMocha(files: string[], mochaArgs: string[], env: NodeJS.ProcessEnv): Promise<MochaReport> {
  const child = fork(join(import.meta.dirname, 'run-mocha.ts'), [...mochaArgs, ...files], { cwd: repository, env, execArgv: [] })
  let report: MochaReport | undefined
  child.on('message', (message) => {
    report = message as MochaReport
  })
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (report === undefined) {
    console.error(`mocha ended with ${code} before it could count.`)
    return { counts: { ...noCounts, failed: 1 }, open: [] }
  }
  const { counts, open } = report
  return { counts: code === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 }, open }
}
