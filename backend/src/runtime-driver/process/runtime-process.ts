import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { runtimeStart } from '@imprun/contracts'
import type { BoundedLogFile } from '../../platform/bounded-log-file.ts'
import { isAlive } from '../../platform/processes.ts'
import { runProgram } from '../../platform/run-program.ts'

export interface LaunchOptions {
  readonly entry: string
  readonly launchId: string
  readonly variables: Readonly<Record<string, string>>
  readonly logFile: BoundedLogFile
}

export interface LaunchedProcess {
  readonly pid: number
  /** How it ended, for people. */
  readonly ended: Promise<string>
}

const markOf = (launchId: string) => `imprun-runtime-${launchId}`

/**
 * Starts a runtime that outlives this process: in a process group of its own, so that Ctrl-C in a terminal reaches the backend only, and with its
 * output going to a file, so that nothing breaks when the backend is killed.
 * @throws the system's error when it cannot be started.
 */
export async function launchRuntime({ entry, launchId, variables, logFile }: LaunchOptions): Promise<LaunchedProcess> {
  const output = await logFile.open()
  try {
    const { nodeOptions, environment, input } = runtimeStart(variables)
    const child = spawn(process.execPath, [...nodeOptions, entry, markOf(launchId)], {
      cwd: dirname(entry),
      env: environment,
      detached: true,
      stdio: ['pipe', output.fd, output.fd],
    })
    const ended = endOf(child)
    // It may be gone before it has read; how it ended says more.
    child.stdin?.on('error', () => {}).end(input)
    await once(child, 'spawn')
    child.unref()
    return { pid: child.pid as number, ended }
  } finally {
    await output.close()
  }
}

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`))
    child.once('error', (error) => resolve(error.message))
  })

const psTimeoutMs = 3_000

/** Whether a process id still is the runtime of this launch: ids are used again, so it is known by its arguments. */
export async function isRuntimeAlive(pid: number, launchId: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  try {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(
      async () => (await runProgram('ps', ['-o', 'args=', '-p', String(pid)], { timeoutMs: psTimeoutMs })).output,
    )
    return command.includes(markOf(launchId))
  } catch {
    return false
  }
}
