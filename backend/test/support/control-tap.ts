import { once } from 'node:events'
import { readFile, rename } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** What a backend tells its runtime, or hears from it. */
export interface ControlCrossing {
  readonly direction: 'toRuntime' | 'toBackend'
  /** Of the request; its answer has the same. */
  readonly type: string
}

/** What is returned is waited for before the message goes on; undefined lets it pass. */
export type ControlRule = (crossing: ControlCrossing) => Promise<unknown> | undefined

/**
 * Puts itself between a running runtime and whoever connects to its control socket from now on: the socket of the runtime is moved aside, and goes on
 * listening under its new name.
 */
export async function tapControl(home: string, rule: ControlRule): Promise<AsyncDisposable> {
  const { controlPath } = JSON.parse(await readFile(join(home, 'run', 'runtime.json'), 'utf8')) as { controlPath: string }
  const movedPath = `${controlPath}.r`
  await rename(controlPath, movedPath)
  const sockets = new Set<Socket>()
  const server = createServer((backend) => {
    const runtime = connect(movedPath)
    const types = new Map<number, string>()
    const pair = [backend, runtime]
    for (const socket of pair) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        for (const other of pair) other.destroy()
      })
    }
    void passLines(backend, runtime, ({ type = '', id }) => {
      types.set(id, type)
      return rule({ direction: 'toRuntime', type })
    })
    void passLines(runtime, backend, ({ id }) => rule({ direction: 'toBackend', type: types.get(id) ?? '' }))
  })
  server.listen(controlPath)
  await once(server, 'listening')
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

async function passLines(from: Socket, to: Socket, look: (message: { type?: string; id: number }) => Promise<unknown> | undefined): Promise<void> {
  const lines = createInterface({ input: from, crlfDelay: Number.POSITIVE_INFINITY }).on('error', () => {})
  for await (const line of lines) {
    await look(JSON.parse(line) as { type?: string; id: number })
    if (!to.destroyed) to.write(`${line}\n`)
  }
}
