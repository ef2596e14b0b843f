import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const standby = fileURLToPath(new URL('../fixtures/standby-backend.ts', import.meta.url))
const readyTimeoutMs = 120_000
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
export const startBackendProcess = (env: Record<string, string>): Promise<BackendProcess> => untilReady(spawnBackend(env))

/** Lives of one backend, of which the next always has its code loaded: that is most of a start. */
export interface BackendLives extends AsyncDisposable {
  /** @throws as startBackendProcess does */
  start(): Promise<BackendProcess>
}

export function prepareBackendLives(env: Record<string, string>): BackendLives {
  let next = spawnBackend(env, standby)
  return {
    start() {
      const life = next
      next = spawnBackend(env, standby)
      life.child.stdin.write('.')
      return untilReady(life)
    },
    async [Symbol.asyncDispose]() {
      next.child.kill('SIGKILL')
      await next.ended
    },
  }
}

async function untilReady({ child, output, ended, said }: Spawned): Promise<BackendProcess> {
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

type Spawned = ReturnType<typeof spawnBackend>

function spawnBackend(env: Record<string, string>, entry = main) {
  const child = spawn(process.execPath, [entry], { env, stdio: ['pipe', 'pipe', 'pipe'] })
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
