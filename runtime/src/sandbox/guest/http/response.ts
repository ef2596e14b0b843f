import escapeHtml from 'escape-html'
import { hostCalls } from '../../bridge.ts'
import { callHost, checkCrossing } from '../host.ts'
import { latin1ToBytes, viewBytes } from '../web/bytes.ts'
import { askExpress, statusText } from './express-tool.ts'
import { Outflow } from './outflow.ts'
import type { FunctionRequest } from './request.ts'
import { findHeader, type HeadSettings, putHeader, ResponseHead, readHead, warnSent, withUtf8, writeHead } from './response-head.ts'

/** open: nothing has left. streaming: the head and maybe chunks have left. ended: the answer is complete. passed: a middleware has left it to the next one. */
type State = 'open' | 'streaming' | 'ended' | 'passed'
type Callback = () => unknown

const withoutBody = [204, 205, 304]
const toJson = JSON.stringify
const afterThis = queueAfterThis()

/** What a function gets as `res`: the members of Express' response that need no file system and no template. */
export class FunctionResponse extends ResponseHead {
  readonly #call: number
  readonly #request: FunctionRequest
  #state: State = 'open'
  /** While the handler's first synchronous stretch runs, a text answer waits here to be the entry's own return value: that saves a crossing. */
  #isInFirstStretch = true
  #answer: string | undefined
  /** Of a streamed answer. */
  #outflow: Outflow | undefined
  #isClosed = false
  /** For the handler's own use, as in Express. */
  locals: Record<string, unknown> = {}

  constructor(call: number, request: FunctionRequest) {
    super()
    this.#call = call
    this.#request = request
  }
  /** For the dispatcher: ends the first stretch. @returns the answer if it is there already */
  static endFirstStretch(response: FunctionResponse): string | undefined {
    response.#isInFirstStretch = false
    return response.#answer
  }
  static stateOf(response: FunctionResponse): State {
    return response.#state
  }
  /** What has been set so far, for the one that a middleware leaves the answer to. */
  static settingsOf(response: FunctionResponse): HeadSettings {
    const { status, headers } = readHead(response)
    return { status, headers: { ...headers } }
  }
  static inherit(response: FunctionResponse, { status, headers }: HeadSettings): void {
    writeHead(response, { status, headers: Object.assign(Object.create(null), headers) })
  }
  static pass(response: FunctionResponse): void {
    response.#state = 'passed'
  }
  static setPassedStatus(response: FunctionResponse, status: number): void {
    writeHead(response, { status })
  }
  /** Nobody reads the answer any more. */
  static close(response: FunctionResponse): void {
    response.#close()
  }
  get req(): FunctionRequest {
    return this.#request
  }
  override get headersSent(): boolean {
    return this.#state !== 'open'
  }
  get writableEnded(): boolean {
    return this.#state === 'ended'
  }
  get finished(): boolean {
    return this.#state === 'ended'
  }
  get destroyed(): boolean {
    return this.#isClosed
  }

  /** @throws TypeError for what JSON cannot hold: a BigInt, an object that contains itself */
  json(value?: unknown): this {
    const text = toJson(value)
    if (!this.#isOpen('answer')) return this
    this.#setTextType('application/json; charset=utf-8', text !== undefined)
    if (text === undefined) this.#answerWith('')
    else this.#sendContent(text)
    return this
  }
  /** @throws TypeError for a function, a symbol or a BigInt */
  send(body?: unknown): this {
    if (typeof body === 'number' || typeof body === 'boolean') return this.json(body)
    const bytes = typeof body === 'object' && body !== null ? viewBytes(body) : undefined
    if (typeof body === 'object' && body !== null && bytes === undefined) return this.json(body)
    if (body !== undefined && body !== null && typeof body !== 'string' && bytes === undefined)
      throw new TypeError(`res.send takes text, bytes, an object, a number or a boolean, and this is a ${typeof body}.`)
    if (!this.#isOpen('answer')) return this
    if (typeof body === 'string') this.#setTextType('text/html; charset=utf-8', true)
    else if (bytes !== undefined && findHeader(this, 'content-type') === undefined) putHeader(this, 'content-type', 'application/octet-stream')
    if (body === undefined) this.#answerWith('')
    else this.#sendContent(bytes ?? (body as string | null) ?? '')
    return this
  }
  sendStatus(code: number): this {
    this.status(code)
    return this.type('txt').send(statusText(code))
  }
  redirect(statusOrUrl: number | string, url?: string): void {
    const code = typeof statusOrUrl === 'number' ? statusOrUrl : 302
    const target = url === undefined ? (typeof statusOrUrl === 'number' ? '' : statusOrUrl) : url
    this.location(target)
    const address = String(this.get('location') ?? target)
    let body = ''
    const say = `${statusText(code)}. Redirecting to `
    this.format({
      text: () => {
        body = say + address
      },
      html: () => {
        const head = `<!DOCTYPE html><head><title>${statusText(code)}</title></head>`
        body = `${head}<body><p>${say}${escapeHtml(address)}</p></body>`
      },
      default: () => undefined,
    })
    this.status(code)
    this.#end(body)
  }
  /** Calls the one of these that the caller accepts best, as in Express. */
  format(choices: Record<string, (request: FunctionRequest, response: this) => unknown>): this {
    const types = Object.keys(choices).filter((each) => each !== 'default')
    const chosen = types.length > 0 ? this.#request.accepts(types) : false
    this.vary('Accept')
    if (typeof chosen === 'string') {
      this.set('content-type', chosen.includes('/') ? chosen.split(';', 1)[0] : askExpress('lookup', chosen) || 'application/octet-stream')
      choices[chosen]?.(this.#request, this)
    } else if (choices.default !== undefined) choices.default(this.#request, this)
    else this.sendStatus(406)
    return this
  }
  /**
   * Sends the head if it has not left, and a piece of the body. The promise waits while the caller reads slower than you write.
   * @throws RangeError when it is not waited for and megabytes are ahead of the caller
   */
  write(chunk: unknown, encoding?: unknown, callback?: unknown): Promise<void> {
    const piece = toPiece(chunk, encoding)
    if (this.#state === 'ended' || this.#state === 'passed') {
      warnSent('write')
      return Promise.resolve()
    }
    const written = this.#startStream().write(piece)
    const done = [encoding, callback].find((each) => typeof each === 'function') as Callback | undefined
    if (done !== undefined) void written.then(done)
    return written
  }
  /** Sends the head now: for a stream whose first piece comes late. */
  flushHeaders(): void {
    if (this.#state === 'open') this.#startStream()
  }
  /** As Node's, except that the head leaves with the first piece. */
  writeHead(code: number, ...rest: unknown[]): this {
    const headers = rest.find((each) => typeof each === 'object' && each !== null) as Record<string, unknown> | undefined
    this.status(code)
    for (const [name, value] of Object.entries(headers ?? {})) this.setHeader(name, value)
    return this
  }
  end(chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    const done = [chunk, encoding, callback].find((each) => typeof each === 'function') as Callback | undefined
    if (done !== undefined) this.once('finish', done)
    const piece = chunk === undefined || chunk === null || chunk === done ? '' : toPiece(chunk, encoding)
    if (this.#state !== 'streaming') {
      this.#end(piece)
      return this
    }
    const outflow = this.#startStream()
    if (piece.length > 0) void outflow.write(piece)
    this.#state = 'ended'
    outflow.end(() => this.#finish())
    return this
  }

  sendFile(): never {
    throw impossible('res.sendFile', 'A function has no files. Keep the content in the code or in imp.db(), and send it with res.type(...).send(...).')
  }
  download(): never {
    throw impossible('res.download', 'A function has no files. Use res.attachment(name).send(content).')
  }
  render(): never {
    throw impossible('res.render', 'There is no view engine. Make the HTML yourself, or with a template package, and send it with res.send(html).')
  }
  jsonp(): never {
    throw impossible('res.jsonp', 'Use res.json, and let other origins read it with an access-control-allow-origin header.')
  }

  /** @param type what a text without a type is; one that the handler has set gets its charset */
  #setTextType(type: string, hasText: boolean): void {
    const held = findHeader(this, 'content-type')
    if (typeof held !== 'string') putHeader(this, 'content-type', type)
    else if (hasText) putHeader(this, 'content-type', withUtf8(held))
  }
  #sendContent(content: string | Uint8Array): void {
    this.#setETag(content)
    this.#answerWith(content)
  }
  #isOpen(what: string): boolean {
    if (this.#state === 'open') return true
    warnSent(what)
    return false
  }
  /** Only where a cache may ask with it: on other methods it would cost a hash and serve nobody. */
  #setETag(content: string | Uint8Array): void {
    const { method } = this.#request
    if ((method !== 'GET' && method !== 'HEAD') || findHeader(this, 'etag') !== undefined) return
    const etag = callHost(hostCalls.etag, content)
    if (typeof etag === 'string') putHeader(this, 'etag', etag)
  }
  #startStream(): Outflow {
    if (this.#outflow !== undefined) return this.#outflow
    this.#state = 'streaming'
    this.#isInFirstStretch = false
    callHost(hostCalls.answerStart, this.#call, this.#head())
    this.#outflow = new Outflow(this.#call)
    return this.#outflow
  }
  #answerWith(content: string | Uint8Array): void {
    if (this.#request.fresh) this.status(304)
    if (withoutBody.includes(this.statusCode) && this.statusCode !== 205) this.removeHeader('content-type')
    this.#end(content)
  }
  #end(body: string | Uint8Array): void {
    if (!this.#isOpen('answer')) return
    checkCrossing(body.length)
    this.#state = 'ended'
    const content = withoutBody.includes(this.statusCode) ? '' : body
    if (typeof content !== 'string') callHost(hostCalls.answerBytes, this.#call, this.#head(), content)
    else if (this.#isInFirstStretch) this.#answer = `${this.#head()}\n\n${content}`
    else callHost(hostCalls.answer, this.#call, `${this.#head()}\n\n${content}`)
    this.#finish()
  }
  #finish(): void {
    if (!this.hasListeners && !this.#request.hasListeners) return
    afterThis(() => {
      this.emit('finish')
      this.#close()
    })
  }
  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.emit('close')
    this.#request.emit('close')
  }
  #head(): string {
    const { status, headers } = readHead(this)
    let head = String(status)
    for (const name in headers) {
      const value = headers[name]
      if (typeof value === 'string') head += `\n${name}\n${value}`
      else for (const each of value ?? []) head += `\n${name}\n${each}`
    }
    return head
  }
}

/** As Node's process.nextTick: before anything else enters. */
function queueAfterThis(): (callback: Callback) => void {
  const settled = Promise.resolve()
  const then = Function.prototype.call.bind(Promise.prototype.then) as (promise: Promise<void>, callback: Callback) => void
  return (callback) => then(settled, callback)
}

function impossible(member: string, remedy: string): Error {
  return new Error(`${member} is not possible in a function. ${remedy}`)
}

/** @throws TypeError */
function toPiece(chunk: unknown, encoding: unknown): string | Uint8Array {
  if (typeof chunk === 'string') {
    if (typeof encoding !== 'string' || /^utf-?8$/i.test(encoding)) return chunk
    if (/^(?:latin1|binary|ascii)$/i.test(encoding)) return latin1ToBytes(chunk)
    throw new TypeError(`A piece of text is sent as UTF-8. Make bytes of what is "${encoding}".`)
  }
  const bytes = viewBytes(chunk)
  if (bytes === undefined) throw new TypeError('A piece of a body is a string or bytes.')
  return bytes
}
