import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

// The first start on a machine may have to download MongoDB.
const readyWithinMs = 180_000
const stopWithinMs = 30_000
const pollMs = 50
const repository = join(import.meta.dirname, '..', '..')

export interface StartedImprun extends AsyncDisposable {
  apiUrl: string
  edgeUrl: string
  /** All that was printed so far. */
  output(): string
  /**
   * Ctrl-C, which a terminal sends to the whole group, and waits until all have gone.
   * @throws Error when that takes too long; they are killed then
   */
  interrupt(): Promise<void>
}

/** Runs `npm start` as a newcomer would, with its data in `home` and on free ports. */
export async function startImprun(home: string): Promise<StartedImprun> {
  const ports = { IMPRUN_API_PORT: String(await freePort()), IMPRUN_EDGE_PORT: String(await freePort()) }
  const env = { ...process.env, IMPRUN_HOME: home, ...ports }
  const child = spawn('npm', ['start'], { cwd: repository, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const closed = once(child, 'close')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  const isEnded = () => child.exitCode !== null || child.signalCode !== null
  const signalAll = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined && !isEnded()) process.kill(-child.pid, signal)
  }
  const interrupt = async () => {
    signalAll('SIGINT')
    const isStopped = await Promise.race([closed.then(() => true), sleep(stopWithinMs, false, { ref: false })])
    if (isStopped) return
    signalAll('SIGKILL')
    throw new Error(`npm start did not stop:\n${output}`)
  }
  const deadline = performance.now() + readyWithinMs
  // The line with curl is the last thing it prints.
  while (!/^\s*curl .*\n/m.test(output)) {
    if (isEnded() || performance.now() > deadline) {
      await interrupt()
      throw new Error(`npm start did not come up:\n${output}`)
    }
    await sleep(pollMs)
  }
  const { apiUrl, edgeUrl } = JSON.parse(await readFile(join(home, 'connection.json'), 'utf8'))
  return { apiUrl, edgeUrl, output: () => output, interrupt, [Symbol.asyncDispose]: interrupt }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
