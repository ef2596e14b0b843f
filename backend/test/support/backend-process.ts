import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const readyTimeoutMs = 60_000
const endTimeoutMs = 60_000

export interface BackendProcess {
  pid: number
  /** Signals and waits for the end. */
  end(signal: NodeJS.Signals): Promise<{ exitCode: number | undefined; output: string }>
}

/** Runs main.ts to its end. */
export async function runBackendProcess(env: Record<string, string>): Promise<{ exitCode: number | undefined; output: string }> {
  const { child, output, ended } = spawnBackend(env)
  const timer = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs)
  await ended
  clearTimeout(timer)
  return { exitCode: child.exitCode ?? undefined, output: output() }
}

/** Runs main.ts until it says that it is ready. @throws Error with everything that it printed when it ends before. */
export async function startBackendProcess(env: Record<string, string>): Promise<BackendProcess> {
  const { child, output, ended, said } = spawnBackend(env)
  const timer = setTimeout(() => child.kill('SIGKILL'), readyTimeoutMs)
  await Promise.race([said('imprun is ready'), ended])
  clearTimeout(timer)
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The backend ended (${child.exitCode ?? child.signalCode}):\n${output()}`)
  return {
    pid: child.pid as number,
    async end(signal) {
      child.kill(signal)
      const cut = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs)
      await ended
      clearTimeout(cut)
      return { exitCode: child.exitCode ?? undefined, output: output() }
    },
  }
}

function spawnBackend(env: Record<string, string>) {
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      for (const listener of listeners) listener()
    })
  }
  return {
    child,
    output: () => text,
    ended: once(child, 'exit'),
    said: (words: string) => new Promise<void>((resolve) => listeners.add(() => text.includes(words) && resolve())),
  }
}
