import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const gracefulWithinMs = 5_000
const pollMs = 50

export interface ProcessGroup extends AsyncDisposable {
  child: ChildProcess
}

/**
 * Starts a program as the head of a group of its own and writes what it prints to a file. Disposing ends the whole group:
 * an editor's extension host is a grandchild, which a signal to the child alone would leave running.
 */
export async function startProcessGroup(
  command: string,
  args: string[],
  { env, cwd, logFile }: { env: NodeJS.ProcessEnv; cwd?: string; logFile: string },
): Promise<ProcessGroup> {
  const child = spawn(command, args, { env, ...(cwd && { cwd }), stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const log = createWriteStream(logFile)
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  child.once('close', () => log.end())
  await once(child, 'spawn')
  return { child, [Symbol.asyncDispose]: () => endGroup(child) }
}

async function endGroup(child: ChildProcess): Promise<void> {
  const group = -(child.pid ?? 0)
  const deadline = performance.now() + gracefulWithinMs
  if (!signal(group, 'SIGTERM')) return
  while (signal(group, 0) && performance.now() < deadline) await sleep(pollMs)
  signal(group, 'SIGKILL')
}

/** @returns whether there was anyone to receive it */
function signal(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(group, name)
    return true
  } catch {
    return false
  }
}
