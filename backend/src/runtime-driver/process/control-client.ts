import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { type ControlReply, type ControlRequest, controlReplySchema } from '@imprun/contracts'
import type { Log } from '../../platform/log.ts'

export type ControlMessage = ControlRequest extends infer Request ? (Request extends { id: number } ? Omit<Request, 'id'> : never) : never
export type ControlDone = Extract<ControlReply, { type: 'done' }>

/** The connection is gone, or no answer came in time: what was asked may have been done or not. */
export class ControlLostError extends Error {
  override readonly name = 'ControlLostError'
  readonly how: 'closed' | 'silent'
  constructor(how: 'closed' | 'silent', message: string, options?: ErrorOptions) {
    super(message, options)
    this.how = how
  }
}

/** The runtime has answered no. */
export class ControlRefusedError extends Error {
  override readonly name = 'ControlRefusedError'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** A connection to a runtime's control socket. Requests may overlap; answers find theirs by id. */
export interface ControlClient {
  /** @throws ControlRefusedError, ControlLostError, or the signal's reason when it fires first. */
  request(message: ControlMessage, options: { timeoutMs: number; signal?: AbortSignal | undefined }): Promise<ControlDone>
  /** Settles when the connection is gone. */
  readonly closed: Promise<void>
  close(): void
}

/** @throws ControlLostError when nobody listens there. */
export async function connectControl(path: string, log: Log): Promise<ControlClient> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const connecting = connect(path)
    connecting.once('connect', () => resolve(connecting))
    connecting.once('error', (error) => reject(new ControlLostError('closed', error.message, { cause: error })))
  })
  return new SocketControlClient(socket, log)
}

interface Waiting {
  resolve(done: ControlDone): void
  reject(error: unknown): void
}

class SocketControlClient implements ControlClient {
  readonly closed: Promise<void>
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  constructor(socket: Socket, log: Log) {
    this.#socket = socket
    socket.on('error', (error) => log.debug({ error }, 'The control connection broke'))
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const { reject } of this.#waiting.values()) reject(new ControlLostError('closed', 'The runtime has closed the control connection.'))
        this.#waiting.clear()
        resolve()
      })
    })
    // The reader tells the socket's errors once more, and they have been told.
    createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })
      .on('line', (line) => this.#receive(line, log))
      .on('error', () => {})
  }

  async request(message: ControlMessage, { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined }): Promise<ControlDone> {
    signal?.throwIfAborted()
    if (this.#socket.destroyed) throw new ControlLostError('closed', 'The control connection is closed.')
    const id = ++this.#lastId
    const ends = new AbortController()
    try {
      return await new Promise<ControlDone>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject })
        const timer = setTimeout(() => reject(new ControlLostError('silent', `No answer to ${message.type} within ${timeoutMs} ms.`)), timeoutMs)
        ends.signal.addEventListener('abort', () => clearTimeout(timer))
        signal?.addEventListener('abort', () => reject(signal.reason), { signal: ends.signal })
        this.#socket.write(`${JSON.stringify({ ...message, id })}\n`)
      })
    } finally {
      ends.abort()
      this.#waiting.delete(id)
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(line: string, log: Log): void {
    let reply: ControlReply
    try {
      reply = controlReplySchema.parse(JSON.parse(line))
    } catch (error) {
      log.warn({ error }, 'The runtime sent a line that is no control reply')
      return
    }
    const waiting = this.#waiting.get(reply.id)
    if (reply.type === 'done') waiting?.resolve(reply)
    else waiting?.reject(new ControlRefusedError(reply.code, reply.message))
  }
}
