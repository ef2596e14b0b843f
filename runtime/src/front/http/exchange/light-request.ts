import type { Socket } from 'node:net'
import { type RequestHead, readRequestHead } from '../request-head.ts'
import type { EdgeRequest } from './exchange.ts'

const nothing: RequestHead = readRequestHead([])

type Told = (context: unknown, body: string | undefined) => void

/**
 * A request without a stream: node's parser pushes the body in, and it is gathered at once. The members that begin with an underscore, and those marked as
 * node's, are what `node:http` reads and calls of the request that it made; light-exchange.ts checks that they are all there are.
 */
export class LightRequest implements EdgeRequest {
  // Node's.
  socket: Socket
  url = ''
  method = ''
  httpVersion = ''
  httpVersionMajor = 1
  httpVersionMinor = 1
  complete = false
  upgrade = false
  readableEnded = false
  joinDuplicateHeaders = false
  parser: unknown = null
  _consuming = true
  _dumped = false
  // Ours.
  head: RequestHead = nothing
  isAborted = false
  /** Told when the caller goes away before the answer is whole. */
  onAbort: { onRequestAborted(): void } | undefined
  #body = ''
  #bytesMax = 0
  #onBody: Told | undefined
  #context: unknown
  #onEnd: ((this: LightRequest) => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
  }
  get ip(): string {
    return this.socket.remoteAddress ?? ''
  }
  /** Node's: it asks for `host` and `expect`. */
  get headers(): RequestHead {
    return this.head
  }

  readBody<Context>(bytesMax: number, onBody: (context: Context, body: string | undefined) => void, context: Context): void {
    this.#bytesMax = bytesMax
    this.#onBody = onBody as Told
    this.#context = context
    // Nothing has been pushed yet: node makes the request and asks for its answer before it looks at the body.
    if (this.readableEnded) this.#tell(this.#body)
  }

  /** Node's: the head is here, or (when complete) the trailers, which nobody reads. */
  _addHeaderLines(headers: readonly string[]): void {
    if (!this.complete) this.head = readRequestHead(headers)
  }
  /** Node's: a piece of the body, or null at its end. */
  push(chunk: Buffer | null): boolean {
    if (chunk === null) {
      this.readableEnded = true
      this.#tell(this.#body)
      const onEnd = this.#onEnd
      this.#onEnd = undefined
      onEnd?.call(this)
    } else if (this.#onBody !== undefined) {
      if (this.#body.length + chunk.length > this.#bytesMax) this.#tell(undefined)
      else this.#body += chunk.toString('latin1')
    }
    return true
  }
  /** Node's: the connection is gone before the answer was whole. */
  destroy(): this {
    this.isAborted = !this.complete
    this.#onBody = undefined
    this.#body = ''
    this.onAbort?.onRequestAborted()
    return this
  }
  /** Node's: it waits for the end of a body that is still coming when the answer is there. */
  on(event: string, listener: () => void): this {
    if (event === 'end') this.#onEnd = listener
    return this
  }
  /** Node's. @returns that nobody listens, so that a timeout ends the connection */
  emit(): boolean {
    return false
  }
  _dump(): void {
    this._dumped = true
  }

  #tell(body: string | undefined): void {
    const onBody = this.#onBody
    this.#onBody = undefined
    this.#body = ''
    onBody?.(this.#context, body)
  }
}
