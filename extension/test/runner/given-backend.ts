import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './code-server/free-port.ts'

// The first start on a machine may have to download MongoDB.
const readyWithinMs = 180_000
const stopWithinMs = 30_000
const pollMs = 100
const outputCharactersMax = 8_000

export interface GivenBackend extends AsyncDisposable {
  /** IMPRUN_HOME of this backend; its connection.json is there. */
  home: string
  apiUrl: string
  edgeUrl: string
  token: string
  /** Variables with which an extension host finds this backend, and no other of the machine. */
  editorEnv: Record<string, string>
}

/** Starts the whole of imprun (backend, MongoDB, runtime) in a home of its own on free ports, and stops it as Ctrl-C would. */
export async function givenBackend(env: Record<string, string> = {}): Promise<GivenBackend> {
  const home = await mkdtemp(join(tmpdir(), 'imprun-home-'))
  const main = join(import.meta.dirname, '..', '..', '..', 'backend', 'src', 'main.ts')
  const ports = { IMPRUN_API_PORT: String(await freePort()), IMPRUN_EDGE_PORT: '0' }
  const editorEnv = { IMPRUN_HOME: home, IMPRUN_STATE: join(home, 'state') }
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...editorEnv, ...ports, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output = (output + chunk).slice(-outputCharactersMax)))
  const dispose = async () => {
    child.kill('SIGINT')
    const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
    await ended
    clearTimeout(timer)
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
  const deadline = performance.now() + readyWithinMs
  while (true) {
    const connection = await readConnection(home)
    if (connection) return { home, editorEnv, ...connection, [Symbol.asyncDispose]: dispose }
    if (child.exitCode !== null || performance.now() > deadline) {
      await dispose()
      throw new Error(`The backend did not start:\n${output}`)
    }
    await sleep(pollMs)
  }
}

/** It is written when everything is ready, under another name first, so that it is whole when it is there. */
async function readConnection(home: string): Promise<Omit<GivenBackend, 'home' | 'editorEnv' | keyof AsyncDisposable> | undefined> {
  const text = await readFile(join(home, 'connection.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const { apiUrl, edgeUrl, token } = JSON.parse(text)
  return { apiUrl, edgeUrl, token }
}
