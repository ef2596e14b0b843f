import { createHash, timingSafeEqual } from 'node:crypto'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { type BellAddress, type ControlReply, type ControlRequest, controlRequestSchema, isImprunError } from '@imprun/contracts'
import { BellExhaustedError } from '../front/functions/bell.ts'
import { describeError, type Log } from '../platform/log.ts'
import { type Assignments, StaleFenceError } from './assignments.ts'

/** The unix socket on which the driver says which environments to serve. The newest connection that knows the token is the driver; an older one is closed. */
export interface ControlServer {
  listen(): Promise<void>
  close(): Promise<void>
}

export interface ControlServerOptions {
  path: string
  token: string
  runtimeId: string
  port(): number
  assignments: Assignments
  /** The driver said where its backend rings. */
  onBell(address: BellAddress): void
  /** Accept no more and finish what runs; answered when it settles. */
  drain(): Promise<void>
  /** Called after the answer to `stop` has left. */
  onStop(): void
  /** Without a driver for so long, nobody would ever stop this runtime: it leaves. 0 = it stays. */
  orphanMs: number
  onOrphaned(): void
  log: Log
}

const helloTimeoutMs = 5_000
// A sync names each environment with its addresses in some 500 bytes: room for some 60,000.
const lineCharactersMax = 32 * 1024 * 1024

export function createControlServer(options: ControlServerOptions): ControlServer {
  const { path, orphanMs, onOrphaned, log } = options
  const sockets = new Set<Socket>()
  let driver: Socket | undefined
  let orphanTimer: NodeJS.Timeout | undefined

  const watchForDriver = (): void => {
    clearTimeout(orphanTimer)
    if (orphanMs > 0 && driver === undefined) orphanTimer = setTimeout(onOrphaned, orphanMs)
  }
  const adopt = (socket: Socket): void => {
    const before = driver
    driver = socket
    watchForDriver()
    if (before !== undefined && before !== socket) before.destroy()
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      if (driver !== socket) return
      driver = undefined
      watchForDriver()
    })
    talk(socket, options, adopt)
  })

  return {
    async listen() {
      // What lies there is of a runtime that was killed: its successor is started only after it was found dead.
      await rm(path, { force: true })
      const mask = process.umask(0o177)
      try {
        await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, () => resolve()))
      } finally {
        process.umask(mask)
      }
      await chmod(path, 0o600)
      server.on('error', (error) => log.error({ error }, 'The control socket failed.'))
      watchForDriver()
    },
    async close() {
      clearTimeout(orphanTimer)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      if (server.listening) await closed
    },
  }
}

/** One connection: lines in, lines out. Before a good `hello` nothing else is understood. */
function talk(socket: Socket, options: ControlServerOptions, adopt: (socket: Socket) => void): void {
  const { runtimeId, port, token } = options
  let isKnown = false
  const helloTimer = setTimeout(() => socket.destroy(), helloTimeoutMs)
  const reply = (message: ControlReply): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`)
  }
  const refuse = (id: number, code: string, message: string): void => reply({ type: 'refused', id, code, message })
  const answer = async (request: ControlRequest): Promise<void> => {
    try {
      await perform(request, options)
      reply({ type: 'done', id: request.id, runtimeId, pid: process.pid, port: port() })
      if (request.type === 'stop') socket.end(options.onStop)
    } catch (error) {
      refuse(request.id, codeOf(error), describeError(error).message)
    }
  }
  const onLine = (line: string): void => {
    const request = parseRequest(line)
    if (request === undefined) return refuse(0, 'INPUT_INVALID', 'The line is not a control message.')
    if (request.type === 'hello') {
      if (!isSameToken(request.token, token)) {
        refuse(request.id, 'FORBIDDEN', 'The token is not that of this runtime.')
        socket.end()
        return
      }
      isKnown = true
      clearTimeout(helloTimer)
      adopt(socket)
    } else if (!isKnown) {
      refuse(request.id, 'FORBIDDEN', 'Say hello first.')
      socket.end()
      return
    }
    void answer(request)
  }
  socket.on('close', () => clearTimeout(helloTimer))
  socket.setEncoding('utf8').on(
    'data',
    createLineReader(onLine, () => socket.destroy()),
  )
}

async function perform(request: ControlRequest, { assignments, drain, onBell }: ControlServerOptions): Promise<void> {
  switch (request.type) {
    case 'sync':
      return assignments.sync(request.assignments)
    case 'assign':
      return assignments.assign(request.assignment)
    case 'unassign':
      return assignments.unassign(request)
    case 'stop':
      return drain()
    case 'hello':
      if (request.bell !== undefined) onBell(request.bell)
      return
    case 'ping':
      return
  }
}

function createLineReader(onLine: (line: string) => void, onTooLong: () => void): (text: string) => void {
  let parts: string[] = []
  let characters = 0
  return (text) => {
    const lines = text.split('\n')
    const last = lines.pop() as string
    for (const line of lines) {
      const whole = parts.join('') + line
      parts = []
      characters = 0
      if (whole !== '') onLine(whole)
    }
    parts.push(last)
    characters += last.length
    if (characters > lineCharactersMax) onTooLong()
  }
}

function parseRequest(line: string): ControlRequest | undefined {
  try {
    return controlRequestSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

/** Compares in the same time whatever is sent; hashing makes the lengths equal. */
function isSameToken(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

function codeOf(error: unknown): string {
  if (error instanceof StaleFenceError) return 'FENCE_STALE'
  if (error instanceof BellExhaustedError) return 'BELL_EXHAUSTED'
  return isImprunError(error) ? error.code : 'INTERNAL'
}
