/**
 * What the front and a worker say to each other: length-prefixed, multiplexed frames on one socket; all writes of one loop turn leave as one write.
 *
 *   u32 length of the rest | u32 id | u32 kind | u32 metaLength | meta (latin1) | body
 *
 * `id` names the call, or the request that a reply answers. Bodies travel as bytes: the front never decodes them, it holds them as latin1 strings (one
 * character, one byte) or buffers. Order on the socket replaces acknowledgements: bind, load and the waiting calls leave in one go.
 */

/**
 * One entry into a function's code may hold the worker's loop so long, then it is ended and its call answered with `failed`. A worker that is silent for clearly
 * longer hangs in something that no timeout inside it stops; all others of its environment wait so long, so it is short.
 */
export const entryTimeoutMs = 700
/** Of one entry, what the worker may do for it while the entry's own clock stands still: with it an entry ends within a second. */
export const entryHostMsMax = 300
/** The same for the top level of a function's code when it is loaded, which may have a package to set up. */
export const loadTimeoutMs = 1000

/** Kinds that the front sends. */
export const toWorker = {
  /** body: BindMessage as JSON. Answered by `done` or `refused`. */
  bind: 0xffff_0001,
  /** body: LoadMessage as JSON. Compiles beside the version in place, runs its top level, swaps. Answered by `done` or `refused`; refused leaves the old one. */
  load: 0xffff_0002,
  /** body: { index } as JSON: forget a function. Not answered. */
  unload: 0xffff_0003,
  /** Answered by `pong` at once, from the loop that also runs functions: silence means it hangs. */
  ping: 0xffff_0004,
  /** The client went away or the deadline passed: nobody reads the answer of this call any more. */
  abort: 0xffff_0005,
  /** Finish what runs, then exit. */
  drain: 0xffff_0006,
  /** The caller reads this call's streamed answer slower than it comes: hold its chunks (and what waits for `res.write`) until `resume`. */
  pause: 0xffff_0007,
  resume: 0xffff_0008,
  /** body: ConfigureMessage as JSON: from here on these settings and variables count. Answered by `done`. */
  configure: 0xffff_0009,
  /** id: the ticket of an `invoke`. meta: AnswerHead lines; body: the answer's bytes. */
  invoked: 0xffff_000a,
  /** id: the ticket of an `invoke`. body: InvokeFailedMessage as JSON: there is no answer. */
  invokeFailed: 0xffff_000b,
} as const
/** Any smaller kind is a call: the kind is the function's index. meta: CallMeta lines; body: the request's bytes. */
export const callKindMax = 0xfffe_ffff

/** Kinds that the worker sends. */
export const toFront = {
  done: 0xffff_0101,
  /** body: RefusedMessage as JSON. */
  refused: 0xffff_0102,
  pong: 0xffff_0103,
  /** The call has touched the outside world, so it must not be run again elsewhere. Written before the effect leaves the worker. */
  crossed: 0xffff_0104,
  /** A whole answer with a byte body. meta: AnswerHead lines. */
  answerBytes: 0xffff_0105,
  /** A streamed answer begins. meta: AnswerHead lines; body: first bytes, may be empty. */
  answerStart: 0xffff_0106,
  answerChunk: 0xffff_0107,
  answerEnd: 0xffff_0108,
  /** body: FailedMessage as JSON: the function threw, timed out or answered nothing usable. The caller gets a problem without the message; the log has it. */
  failed: 0xffff_0109,
  /** body: LogMessage as JSON. */
  log: 0xffff_010a,
  /** id: the call that asks for another function, 0 once it is answered. meta: InvokeMeta lines; body: the request's bytes. Answered by `invoked` or `invokeFailed`. */
  invoke: 0xffff_010b,
  /** id: how many promises handed to `imp.waitUntil` are still waited for; sent when it begins or ceases to be 0. */
  background: 0xffff_010c,
  /** id: a function's index; body: its version, whose entries had to be stopped again and again. What is called of it from now on comes back by `returned`. */
  expelled: 0xffff_010d,
  /** The call is the front's again: nothing of it has left the worker, and nothing of it runs there any more. */
  returned: 0xffff_010e,
} as const
/** Any smaller kind is a whole answer in text: the kind is the length of its head in bytes (ASCII), and the body is head + "\n\n" + text as UTF-8. */
export const answerKindMax = 0xfffe_ffff

/** meta of a call, one value per line: method, url (path and query inside the environment), request id, origin (the caller's address, see caller-origin.ts), credential id, application name (URI-encoded); then header name and value in turns. */
export const callMetaFixedLines = 6
/** InvokeMeta: ticket, function name, request id of the call that asks ('' for none), time limit in ms (0 for the rest of the caller's); then header name and value in turns. */
export const invokeMetaFixedLines = 4
/** AnswerHead: status, then header name (lower case) and value in turns, one per line; ASCII only. */

/** What an environment's owner may change while its worker runs; the next entry into a function's code goes by it. */
export interface ConfigureMessage {
  /** `imp.env`, secrets in plain text. */
  variables: Record<string, string>
  egress: { allow: string[]; deny: string[] }
  limits: { timeoutMs: number; responseBytesMax: number }
  /** Absent: it is not. */
  isDatabaseFull?: boolean
}
export interface BindMessage {
  gatewayId: string
  environment: string
  /** Handed to imp.db() as the one database it knows. */
  dataUri: string
  dataDatabase: string
  memoryMb: number
  /** Absent: it is not. What is kept apart already stays, whatever it does. */
  isForQuarantine?: boolean
  configuration: ConfigureMessage
}
export interface LoadMessage {
  index: number
  name: string
  version: string
  revision: number
  code: string
  sourceMap: string
  /** The function's own limit; the environment's, which may be lower, is part of the configuration. */
  timeoutMs: number
  /** The function's own limits; absent when it has none. With `memoryMb` it gets an isolate of its own. */
  memoryMb?: number
  responseBytesMax?: number
  /** It runs before the functions of its folder. */
  isMiddleware?: boolean
  /** It serves already, and is loaded here because this worker lacks it: a middleware that fails to load then keeps what it guards from running. */
  isServing?: boolean
}
export interface RefusedMessage {
  code: 'CODE_NOT_COMPILING' | 'CODE_WITHOUT_DEFAULT_EXPORT' | 'CODE_THROWS_AT_LOAD' | 'INTERNAL'
  message: string
  /** Of the gateway; with `line` and `column`. */
  file?: string
  line?: number
  column?: number
}
export interface FailedMessage {
  code: 'FUNCTION_FAILED' | 'FUNCTION_TIMED_OUT' | 'FUNCTION_ANSWER_INVALID'
  message: string
}
export interface InvokeFailedMessage {
  /** An error code of contracts, INVOKE_TOO_DEEP or INVOKE_TOO_MANY. */
  code: string
  message: string
  status: number
}
export interface LogMessage {
  /** The function's index. */
  index: number
  version: string
  requestId?: string
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  /** Milliseconds since 1970. */
  at: number
  /** From the begin of the call that logged it, in milliseconds; absent outside a call. */
  durationMs?: number
}

const headBytes = 16
/** A frame longer than this is a fault of the other side: the socket is closed. Above the largest body an environment may allow (100 MiB). */
export const frameBytesMax = 128 * 1024 * 1024

export interface FrameSink {
  write(chunk: Uint8Array): unknown
  /** Bytes that it still holds of what was written. Without it, or while it holds some, a chunk is not written over. */
  readonly writableLength?: number | undefined
}
// Room for what one turn usually sends. A worker has one on each side of its socket, so it is small.
const sendBufferBytes = 32 * 1024
/** What comes so long after the frame before it does not wait for more: an entry that took long may be followed by another one that takes just as long. */
const flushAfterMs = 20
/** `encoding` says how a string body becomes bytes; a byte body is copied. */
export type SendFrame = (id: number, kind: number, meta: string, body: string | Uint8Array, encoding: 'utf8' | 'latin1') => void

/**
 * @param flushAfterFrames leave before the loop turn ends once so many frames wait; a worker under load answers sooner with 8
 * @returns send, and `flush` for a frame that must leave before what follows
 */
export function createFrameSender(sink: FrameSink, flushAfterFrames = Number.POSITIVE_INFINITY): { send: SendFrame; flush: () => void } {
  // Frames are encoded as they are handed over: kept as objects until the turn ends they would outlive it, and the collector would move them all.
  let buffer = Buffer.allocUnsafeSlow(sendBufferBytes)
  let at = 0
  let frameCount = 0
  let isArmed = false
  let lastAtMs = performance.now()
  const flush = (): void => {
    isArmed = false
    if (at === 0) return
    const chunk = buffer.subarray(0, at)
    at = 0
    frameCount = 0
    sink.write(chunk)
    if (sink.writableLength !== 0 || buffer.length > sendBufferBytes) buffer = Buffer.allocUnsafeSlow(sendBufferBytes)
  }
  const send: SendFrame = (id, kind, meta, body, encoding) => {
    const nowMs = performance.now()
    const bytesMax = headBytes + meta.length + (typeof body === 'string' && encoding === 'utf8' ? body.length * 3 : body.length)
    if (at + bytesMax > buffer.length) {
      flush()
      if (bytesMax > buffer.length) buffer = Buffer.allocUnsafeSlow(bytesMax)
    }
    at = encodeFrame(buffer, at, id, kind, meta, body, encoding)
    frameCount += 1
    const isLate = nowMs - lastAtMs > flushAfterMs
    lastAtMs = nowMs
    if (frameCount >= flushAfterFrames || isLate) flush()
    else if (!isArmed) {
      isArmed = true
      setImmediate(flush)
    }
  }
  return { send, flush }
}

/** @returns where the frame ends */
function encodeFrame(buffer: Buffer, start: number, id: number, kind: number, meta: string, body: string | Uint8Array, encoding: 'utf8' | 'latin1'): number {
  const metaAt = start + headBytes
  const bodyAt = meta === '' ? metaAt : metaAt + buffer.write(meta, metaAt, 'latin1')
  let end = bodyAt
  if (typeof body !== 'string') {
    buffer.set(body, bodyAt)
    end += body.length
  } else if (body !== '') end += buffer.write(body, bodyAt, encoding)
  buffer.writeUInt32LE(end - start - 4, start)
  buffer.writeUInt32LE(id, start + 4)
  buffer.writeUInt32LE(kind, start + 8)
  buffer.writeUInt32LE(bodyAt - metaAt, start + 12)
  return end
}

/** Called once per whole frame. `buffer` may be reused after the call: slice or copy what is kept. */
export type OnFrame = (id: number, kind: number, buffer: Buffer, metaAt: number, bodyAt: number, end: number) => void

/** @throws RangeError when the other side announces a frame over `frameBytesMax`; the caller closes the socket. */
export function createFrameReceiver(onFrame: OnFrame): (chunk: Buffer) => void {
  let parts: Buffer[] = []
  let partsBytes = 0
  let neededBytes = 4
  return (chunk) => {
    // A long frame arrives in many chunks: gather them and join once, so that it costs its length and not its square.
    partsBytes += chunk.length
    if (partsBytes < neededBytes) {
      parts.push(Buffer.from(chunk))
      return
    }
    const buffer = parts.length === 0 ? chunk : Buffer.concat([...parts, chunk], partsBytes)
    parts = []
    let at = 0
    neededBytes = 4
    while (buffer.length - at >= 4) {
      const length = buffer.readUInt32LE(at)
      if (length > frameBytesMax || length < headBytes - 4) throw new RangeError(`A frame of ${length} bytes was announced.`)
      if (buffer.length - at < length + 4) {
        neededBytes = length + 4
        break
      }
      const bodyAt = at + headBytes + buffer.readUInt32LE(at + 12)
      onFrame(buffer.readUInt32LE(at + 4), buffer.readUInt32LE(at + 8), buffer, at + headBytes, bodyAt, at + 4 + length)
      at += length + 4
    }
    partsBytes = buffer.length - at
    if (partsBytes > 0) parts.push(Buffer.from(buffer.subarray(at)))
  }
}
