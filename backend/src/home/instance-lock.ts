import { rm, rmdir } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { ensureSocketFolder } from '../platform/socket-folder.ts'

/** What the backend that runs says of itself to one that would start on the same home. */
export interface RunningInstance {
  pid: number
  /** Undefined while it is starting. */
  apiUrl?: string | undefined
}

export type InstanceLock = { outcome: 'ours'; tell(instance: RunningInstance): void; release(): Promise<void> } | { outcome: 'taken'; by: RunningInstance }

const answerTimeoutMs = 2_000

/**
 * At most one backend per home. The lock is a socket that the holder listens on: the system lets go of it however the holder ends, and a process id that is
 * used again by another program can not be mistaken for it.
 */
export async function lockHome(home: string): Promise<InstanceLock> {
  const path = join(await ensureSocketFolder(home), 'backend.sock')
  let told: RunningInstance = { pid: process.pid }
  for (;;) {
    const server = createServer((socket) => socket.on('error', () => {}).end(JSON.stringify(told)))
    if (await listens(server, path)) {
      return {
        outcome: 'ours',
        tell: (instance) => {
          told = instance
        },
        async release() {
          await new Promise<void>((resolve) => server.close(() => resolve()))
          // Left for the runtime's socket when there is one.
          await rmdir(dirname(path)).catch(() => {})
        },
      }
    }
    const holder = await ask(path)
    if (holder) return { outcome: 'taken', by: holder }
    // Nobody listens any more: what is left of a backend that was killed.
    await rm(path, { force: true })
  }
}

function listens(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)))
    server.listen(path, () => {
      // It only keeps the home; it must not keep the process.
      server.unref()
      resolve(true)
    })
  })
}

function ask(path: string): Promise<RunningInstance | undefined> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(path)
    const silent = () => resolve({ pid: 0 })
    socket.setTimeout(answerTimeoutMs, () => {
      socket.destroy()
      silent()
    })
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('end', () => resolve(parse(text)))
    socket.on('error', () => resolve(undefined))
  })
}

function parse(text: string): RunningInstance {
  try {
    return JSON.parse(text) as RunningInstance
  } catch {
    return { pid: 0 }
  }
}
