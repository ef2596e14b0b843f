import { setTimeout as sleep } from 'node:timers/promises'

/** True while a process with this id exists, ours or not. Ids are used again: prove by other means that it is the one you mean. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const lookEveryMs = 20

/** @returns false when it still lives after `timeoutMs`. */
export async function waitUntilGone(pid: number, timeoutMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs
  while (isAlive(pid)) {
    if (performance.now() > deadlineMs) return false
    await sleep(lookEveryMs)
  }
  return true
}

/** Asks a process to end, and ends it when it has not within `graceMs`. The caller has proved that the id is still that process. */
export async function endProcess(pid: number, graceMs: number): Promise<void> {
  signal(pid, 'SIGTERM')
  if (await waitUntilGone(pid, graceMs)) return
  signal(pid, 'SIGKILL')
  await waitUntilGone(pid, graceMs)
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
