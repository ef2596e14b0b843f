import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { AnswerHead } from '../answer-head.ts'
import { dateLine } from './date-line.ts'
import type { EdgeReply, ReplyListener } from './exchange.ts'
import type { LightRequest } from './light-request.ts'

/** whole: everything to say is in one text. streaming: the head has been handed over, and pieces may follow. */
type State = 'open' | 'streaming' | 'ended'

/**
 * An answer without a stream: one text onto the connection, or a head and pieces. While an earlier answer of the same connection is not whole it has no socket
 * and keeps what it is told; node hands the socket on in order. Members with an underscore, and those marked as node's, are what `node:http` uses.
 */
export class LightReply implements EdgeReply {
  // Node's.
  socket: Socket | null = null
  shouldKeepAlive = true
  finished = false
  destroyed = false
  _last = false
  _closed = false
  _headerSent = false
  _keepAliveTimeout = 0
  _maxRequestsPerSocket = 0
  _expect_continue = false
  _onPendingData: ((bytes: number) => void) | undefined
  // Ours.
  readonly #request: LightRequest
  #listener: ReplyListener | undefined
  #state: State = 'open'
  #isChunked = false
  #awaitsDrain = false
  #waiting: (string | Buffer)[] | undefined
  #waitingBytes = 0
  #onFinish: (() => void) | undefined
  #refusal = 500

  constructor(request: LightRequest) {
    this.#request = request
  }

  get hasBegun(): boolean {
    return this.#state !== 'open'
  }
  get isRequestWhole(): boolean {
    return this.#request.complete
  }
  get heldBytes(): number {
    return this.#waitingBytes + (this.socket?.writableLength ?? 0)
  }
  get listener(): ReplyListener | undefined {
    return this.#listener
  }
  set listener(listener: ReplyListener | undefined) {
    this.#listener = listener
    this.#request.onAbort = this
  }
  onRequestAborted(): void {
    this.destroyed = true
    this.#listener?.onGone()
  }
  closeAfter(): void {
    this.shouldKeepAlive = false
  }
  writeContinue(): void {
    this.#put('HTTP/1.1 100 Continue\r\n\r\n')
  }
  sendWhole(head: AnswerHead, requestId: string, body: string): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    // 205 says by its length that there is no body; the others that have none say so by their status.
    const length = head.mayHaveBody ? `Content-Length: ${body.length}\r\n` : head.status === 205 ? 'Content-Length: 0\r\n' : ''
    const text = `${head.text}x-request-id: ${requestId}\r\n${length}${dateLine.text}${this.#connectionLine()}\r\n`
    this.#put(head.mayHaveBody && body !== '' && this.#request.method !== 'HEAD' ? text + body : text)
    this.#finish()
  }
  start(head: AnswerHead, requestId: string): void {
    if (this.#state !== 'open') return
    this.#state = 'streaming'
    this.#isChunked = head.mayHaveBody && this.#request.httpVersionMinor === 1
    // A caller of HTTP/1.0 knows no chunks: the end of the connection is the end of the answer.
    if (head.mayHaveBody && !this.#isChunked) this.shouldKeepAlive = false
    const framing = this.#isChunked ? 'Transfer-Encoding: chunked\r\n' : ''
    this.#put(`${head.text}x-request-id: ${requestId}\r\n${framing}${dateLine.text}${this.#connectionLine()}\r\n`)
  }
  write(chunk: Buffer): boolean {
    if (this.#state !== 'streaming' || chunk.length === 0 || !this.#sendsBody) return true
    const { socket } = this
    socket?.cork()
    if (this.#isChunked) this.#put(`${chunk.length.toString(16)}\r\n`)
    const isTaken = this.#put(chunk)
    if (this.#isChunked) this.#put('\r\n')
    socket?.uncork()
    if (isTaken) return true
    if (socket !== null && !this.#awaitsDrain) {
      this.#awaitsDrain = true
      socket.once('drain', () => {
        this.#awaitsDrain = false
        this.#listener?.onDrained()
      })
    }
    return false
  }
  end(): void {
    if (this.#state === 'open') return this.#refuse()
    if (this.#state !== 'streaming') return
    this.#state = 'ended'
    if (this.#isChunked && this.#sendsBody) this.#put('0\r\n\r\n')
    this.#finish()
  }
  destroy(): void {
    this.destroyed = true
    this.#request.socket.destroy()
  }

  /** Node's: it refuses a request of its own accord, then calls `end`. */
  writeHead(status: number): this {
    this.#refusal = status
    return this
  }
  #refuse(): void {
    this.shouldKeepAlive = false
    this.#state = 'ended'
    this.#put(`HTTP/1.1 ${this.#refusal} ${STATUS_CODES[this.#refusal] ?? ''}\r\nContent-Length: 0\r\n${dateLine.text}${this.#connectionLine()}\r\n`)
    this.#finish()
  }
  /** Node's: this answer is the next one of its connection. */
  assignSocket(socket: Socket & { _httpMessage?: unknown }): void {
    socket._httpMessage = this
    this.socket = socket
    const waiting = this.#waiting
    if (waiting === undefined) return
    this.#waiting = undefined
    this._onPendingData?.(-this.#waitingBytes)
    this.#waitingBytes = 0
    for (const piece of waiting) this.#put(piece)
    // Not from inside node's own end of the answer before: a row of answers that wait for the first would call each other in each other.
    if (this.#state === 'ended') process.nextTick(() => this.#tellFinished())
    else if (this.#state === 'streaming') process.nextTick(() => this.#listener?.onDrained())
  }
  /** Node's. */
  detachSocket(socket: Socket & { _httpMessage?: unknown }): void {
    socket._httpMessage = null
    this.socket = null
  }
  /** Node's. */
  on(event: string, listener: () => void): this {
    if (event === 'finish') this.#onFinish = listener
    return this
  }
  /** Node's: it tells the end of the connection. @returns that nobody listens, so that a timeout ends the connection */
  emit(): boolean {
    return false
  }

  get #sendsBody(): boolean {
    return this.#request.method !== 'HEAD'
  }
  #connectionLine(): string {
    if (!this.shouldKeepAlive) {
      this._last = true
      return 'Connection: close\r\n'
    }
    return this.#request.httpVersionMinor === 0 ? 'Connection: keep-alive\r\n' : ''
  }
  /** @returns false when what was written waits for the caller */
  #put(piece: string | Buffer): boolean {
    const { socket } = this
    if (socket === null) {
      this.#waiting ??= []
      this.#waiting.push(piece)
      this.#waitingBytes += piece.length
      this._onPendingData?.(piece.length)
      return false
    }
    if (socket.destroyed) return true
    this._headerSent = true
    return typeof piece === 'string' ? socket.write(piece, 'latin1') : socket.write(piece)
  }
  #finish(): void {
    this.finished = true
    if (this.socket !== null) this.#tellFinished()
  }
  #tellFinished(): void {
    const onFinish = this.#onFinish
    this.#onFinish = undefined
    onFinish?.()
  }
}
