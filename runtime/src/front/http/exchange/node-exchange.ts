import { IncomingMessage, ServerResponse } from 'node:http'
import type { AnswerHead } from '../answer-head.ts'
import { type RequestHead, readRequestHead } from '../request-head.ts'
import type { EdgeReply, EdgeRequest, ExchangeClasses, ReplyListener } from './exchange.ts'

class NodeRequest extends IncomingMessage implements EdgeRequest {
  declare method: string
  declare url: string
  #head: RequestHead | undefined

  get head(): RequestHead {
    this.#head ??= readRequestHead(this.rawHeaders)
    return this.#head
  }
  get ip(): string {
    return this.socket.remoteAddress ?? ''
  }
  get isAborted(): boolean {
    return this.destroyed && !this.complete
  }
  readBody<Context>(bytesMax: number, onBody: (context: Context, body: string | undefined) => void, context: Context): void {
    let body = ''
    let isRefused = false
    this.on('data', (chunk: Buffer) => {
      if (isRefused) return
      if (body.length + chunk.length > bytesMax) {
        isRefused = true
        body = ''
        onBody(context, undefined)
      } else body += chunk.toString('latin1')
    })
    this.on('end', () => {
      if (!isRefused) onBody(context, body)
    })
  }
}

class NodeReply extends ServerResponse<NodeRequest> implements EdgeReply {
  #listener: ReplyListener | undefined

  get hasBegun(): boolean {
    return this.headersSent
  }
  get isRequestWhole(): boolean {
    return this.req.complete
  }
  get heldBytes(): number {
    return this.writableLength
  }
  get listener(): ReplyListener | undefined {
    return this.#listener
  }
  set listener(listener: ReplyListener | undefined) {
    if (this.#listener === undefined) {
      this.once('close', () => this.#listener?.onGone())
      this.on('drain', () => this.#listener?.onDrained())
    }
    this.#listener = listener
  }
  closeAfter(): void {
    this.shouldKeepAlive = false
  }
  sendWhole({ status, headers, mayHaveBody }: AnswerHead, requestId: string, body: string): void {
    const length = mayHaveBody ? ['content-length', String(body.length)] : []
    this.writeHead(status, [...headers, 'x-request-id', requestId, ...length])
    if (mayHaveBody) this.end(body, 'latin1')
    else this.end()
  }
  start({ status, headers }: AnswerHead, requestId: string): void {
    this.writeHead(status, [...headers, 'x-request-id', requestId])
    // The caller of a stream of events waits for its head, which node would hold back until the first byte.
    this.flushHeaders()
  }
}

export const nodeExchange: ExchangeClasses = { name: 'node', IncomingMessage: NodeRequest as never, ServerResponse: NodeReply as never }
