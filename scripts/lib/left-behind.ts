import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Set for a test run to a word of its own; every process that the tests start inherits it. */
export const runMarker = 'IMPRUN_TEST_RUN'

const pollMs = 100

/**
 * Finds processes that outlived the run they were started in, ends them, and says what they were.
 * Linux only: elsewhere a process's variables cannot be read, and the answer is none.
 * @param withinMs how long they may take to end by themselves
 */
export async function endLeftBehind(run: string, withinMs: number): Promise<string[]> {
  const deadline = performance.now() + withinMs
  let found = await findMarked(run)
  while (found.length > 0 && performance.now() < deadline) {
    await sleep(pollMs)
    found = await findMarked(run)
  }
  for (const { pid } of found) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended between being found and now.
    }
  }
  return found.map(({ pid, command }) => `${pid} ${command}`)
}

async function findMarked(run: string): Promise<{ pid: number; command: string }[]> {
  if (process.platform !== 'linux') return []
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const marked = await Promise.all(pids.filter((pid) => pid !== process.pid).map((pid) => describe(pid, `${runMarker}=${run}`)))
  return marked.filter((found) => found !== undefined)
}

async function describe(pid: number, variable: string): Promise<{ pid: number; command: string } | undefined> {
  // Another user's process can not be read, and one that has ended is gone: neither is ours to end.
  const variables = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
  if (!variables.split('\0').includes(variable)) return undefined
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return { pid, command: command.split('\0').join(' ').trim() }
}
