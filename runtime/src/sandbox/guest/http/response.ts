import encodeUrl from 'encodeurl'
import { hostCalls } from '../../bridge.ts'
import { callHost } from '../host.ts'
import { log } from '../log.ts'
import { checkHeaderName, checkHeaderValue } from './header-rules.ts'

type HeaderValue = string | string[]
/** open: nothing has left. streaming: the head and maybe chunks have left. ended: the answer is complete. */
type State = 'open' | 'streaming' | 'ended'

const withoutBody = new Set([204, 205, 304])
/** Calls whose `res.write` waits for a slow reader. */
const waitingForDrain = new Map<number, () => void>()

export function drained(call: number): void {
  const go = waitingForDrain.get(call)
  waitingForDrain.delete(call)
  go?.()
}

/** What a function gets as `res`: the members of Express' response that need no file system and no template. */
export class FunctionResponse {
  readonly #call: number
  #state: State = 'open'
  #status = 200
  #headers: Record<string, HeaderValue> | undefined
  /** While the handler's first synchronous stretch runs, a text answer waits here to be the entry's own return value: that saves a crossing. */
  #isInFirstStretch = true
  #answer: string | undefined

  constructor(call: number) {
    this.#call = call
  }
  /** For the dispatcher: ends the first stretch. @returns the answer if it is there already */
  static endFirstStretch(response: FunctionResponse): string | undefined {
    response.#isInFirstStretch = false
    return response.#answer
  }
  static stateOf(response: FunctionResponse): State {
    return response.#state
  }
  get headersSent(): boolean {
    return this.#state !== 'open'
  }
  get statusCode(): number {
    return this.#status
  }
  set statusCode(code: number) {
    this.status(code)
  }
  /** @throws RangeError */
  status(code: number): this {
    if (!Number.isInteger(code) || code < 100 || code > 999)
      throw new RangeError(`${String(code)} is not an HTTP status: it is a whole number from 100 to 999.`)
    if (this.#isOpen('status')) this.#status = code
    return this
  }
  /** @throws TypeError for a name or value that HTTP does not allow */
  set(name: string | Record<string, unknown>, value?: unknown): this {
    if (typeof name === 'object') {
      for (const [key, each] of Object.entries(name)) this.set(key, each)
      return this
    }
    const key = checkHeaderName(name)
    const checked = Array.isArray(value) ? value.map((each) => checkHeaderValue(key, each)) : checkHeaderValue(key, value)
    if (!this.#isOpen(`header ${key}`)) return this
    this.#headers ??= Object.create(null) as Record<string, HeaderValue>
    this.#headers[key] = key === 'content-type' && typeof checked === 'string' ? withCharset(checked) : checked
    return this
  }
  header(name: string | Record<string, unknown>, value?: unknown): this {
    return this.set(name, value)
  }
  setHeader(name: string, value: unknown): this {
    return this.set(name, value)
  }
  get(name: string): HeaderValue | undefined {
    return this.#headers?.[String(name).toLowerCase()]
  }
  /** @param type a media type, or a file ending such as `html` */
  type(type: string): this {
    return this.set('content-type', type.includes('/') ? type : ((callHost(hostCalls.mediaType, type) as string | undefined) ?? 'application/octet-stream'))
  }
  json(value?: unknown): this {
    const text = JSON.stringify(value)
    this.#typeIfUnset('application/json; charset=utf-8')
    this.#end(text ?? '')
    return this
  }
  send(body?: unknown): this {
    if (body === undefined || body === null) this.#end('')
    else if (typeof body === 'string') {
      this.#typeIfUnset('text/html; charset=utf-8')
      this.#end(body)
    } else if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer) {
      this.#typeIfUnset('application/octet-stream')
      this.#end(toBytes(body))
    } else this.json(body)
    return this
  }
  sendStatus(code: number): this {
    this.status(code)
    return this.type('txt').send(statusText(code))
  }
  redirect(statusOrUrl: number | string, url?: string): void {
    const target = encodeUrl(String(typeof statusOrUrl === 'number' ? url : statusOrUrl))
    const code = typeof statusOrUrl === 'number' ? statusOrUrl : 302
    this.status(code).set('location', target).type('txt')
    this.#end(`${statusText(code)}. Redirecting to ${target}`)
  }
  /** Sends the head if it has not left, and a piece of the body. The promise waits while the caller reads slower than you write. */
  write(chunk: unknown): Promise<void> {
    if (this.#state === 'ended') {
      this.#isOpen('write')
      return Promise.resolve()
    }
    this.#startStream()
    const keepsUp = callHost(hostCalls.answerChunk, this.#call, typeof chunk === 'string' ? chunk : toBytes(chunk))
    return keepsUp === false ? new Promise((resolve) => waitingForDrain.set(this.#call, resolve)) : Promise.resolve()
  }
  /** Sends the head now: for a stream whose first piece comes late. */
  flushHeaders(): void {
    if (this.#state === 'open') this.#startStream()
  }
  end(chunk?: unknown): this {
    if (this.#state !== 'streaming') {
      this.#end(chunk === undefined || chunk === null ? '' : typeof chunk === 'string' ? chunk : toBytes(chunk))
      return this
    }
    if (chunk !== undefined && chunk !== null) void this.write(chunk)
    this.#state = 'ended'
    callHost(hostCalls.answerEnd, this.#call)
    return this
  }

  #startStream(): void {
    if (this.#state !== 'open') return
    this.#state = 'streaming'
    this.#isInFirstStretch = false
    callHost(hostCalls.answerStart, this.#call, this.#head())
  }
  #end(body: string | Uint8Array): void {
    if (!this.#isOpen('answer')) return
    this.#state = 'ended'
    if (withoutBody.has(this.#status) && this.#headers) delete this.#headers['content-type']
    const content = withoutBody.has(this.#status) ? '' : body
    if (typeof content !== 'string') callHost(hostCalls.answerBytes, this.#call, this.#head(), content)
    else if (this.#isInFirstStretch) this.#answer = `${this.#head()}\n\n${content}`
    else callHost(hostCalls.answer, this.#call, `${this.#head()}\n\n${content}`)
  }
  #head(): string {
    let head = String(this.#status)
    for (const name in this.#headers) {
      const value = this.#headers[name]
      if (typeof value === 'string') head += `\n${name}\n${value}`
      else for (const each of value ?? []) head += `\n${name}\n${each}`
    }
    return head
  }
  #typeIfUnset(contentType: string): void {
    if (this.#headers?.['content-type'] !== undefined || this.#state !== 'open') return
    this.#headers ??= Object.create(null) as Record<string, HeaderValue>
    this.#headers['content-type'] = contentType
  }
  #isOpen(what: string): boolean {
    if (this.#state === 'open') return true
    log('warn', [`The answer has already been sent; this ${what} is ignored. Did you forget a return?`])
    return false
  }
}

function statusText(code: number): string {
  return (callHost(hostCalls.statusText, code) as string | undefined) ?? String(code)
}

function withCharset(contentType: string): string {
  return /^(?:text\/|application\/(?:json|javascript)\b)/i.test(contentType) && !/charset/i.test(contentType) ? `${contentType}; charset=utf-8` : contentType
}

/** @throws TypeError */
function toBytes(value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  throw new TypeError('A piece of a body is a string or bytes.')
}
