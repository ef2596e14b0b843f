import type { AnswerHead } from '../answer-head.ts'
import type { RequestHead } from '../request-head.ts'

/**
 * One request and its answer, as the front needs them. `node:http` parses, keeps the order of answers on a connection and ends slow ones; the classes it
 * makes for each request are ours to choose, and there are two pairs behind this contract: `light` leaves out streams, emitters and closures (they were the
 * larger part of a request's cost, measured), `node` are node's own with these few members added.
 */
export interface EdgeRequest {
  readonly method: string
  readonly url: string
  readonly httpVersionMajor: number
  readonly httpVersionMinor: number
  readonly head: RequestHead
  /** The caller's address; empty when it has gone already. */
  readonly ip: string
  /** The caller went away before the request was here as a whole. */
  readonly isAborted: boolean
  /**
   * Gathers the body: one character a byte, as it came, nothing is decoded. Tells `onBody` once, with undefined as soon as it is longer than `bytesMax`; what
   * still comes then is read and dropped. Tells nothing when the caller goes away before the end.
   */
  readBody<Context>(bytesMax: number, onBody: (context: Context, body: string | undefined) => void, context: Context): void
}

export interface EdgeReply {
  /** The head has been sent, so no other answer can be. */
  readonly hasBegun: boolean
  /** The request that it answers is here to its last byte. */
  readonly isRequestWhole: boolean
  /** Bytes that were written and have not left the process. */
  readonly heldBytes: number
  /** Who is told when the caller goes away; may be told after the end as well. */
  listener: ReplyListener | undefined
  /** This answer is the last one of its connection. */
  closeAfter(): void
  /** Tells a caller who waits for it to send the body. */
  writeContinue(): void
  /** A whole answer; `body` has one character a byte. A HEAD request gets the head of it. */
  sendWhole(head: AnswerHead, requestId: string, body: string): void
  /** A streamed answer begins: the head leaves now. */
  start(head: AnswerHead, requestId: string): void
  /** `chunk` is kept. @returns false when the caller reads too slowly: `onDrained` follows */
  write(chunk: Buffer): boolean
  /** Ends a streamed answer. */
  end(): void
  /** Cuts the connection, so that nobody takes a half answer for a whole one. */
  destroy(): void
}

export interface ReplyListener {
  onGone(): void
  /** What was held after `write` returned false has left. */
  onDrained(): void
}

/** The classes that `node:http` is to make, for its options of the same names. */
export interface ExchangeClasses {
  readonly name: 'light' | 'node'
  readonly IncomingMessage: new (socket: never) => EdgeRequest
  readonly ServerResponse: new (request: never) => EdgeReply
}
