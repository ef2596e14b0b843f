import { AbortSignal } from './abort.ts'
import { Body, toBodyContent } from './body.ts'
import { Headers } from './headers.ts'
import { URL } from './url.ts'

interface ResponseInit {
  status?: number
  statusText?: string
  headers?: unknown
}

export class Response extends Body {
  readonly status: number
  readonly statusText: string
  readonly headers: Headers
  constructor(body?: unknown, init: ResponseInit = {}) {
    const { content, contentType } = toBodyContent(body)
    super(content)
    const status = Number(init.status ?? 200)
    if (!Number.isInteger(status) || status < 200 || status > 599) throw new RangeError('The status of a Response is a number from 200 to 599.')
    this.status = status
    this.statusText = String(init.statusText ?? '')
    this.headers = new Headers(init.headers)
    if (contentType !== undefined && !this.headers.has('content-type')) this.headers.set('content-type', contentType)
  }
  get ok(): boolean {
    return this.status < 300
  }
  clone(): Response {
    if (this.bodyUsed) throw new TypeError('The body has already been read.')
    return new Response(Body.contentOf(this), this)
  }
  static json(value: unknown, init: ResponseInit = {}): Response {
    const headers = new Headers(init.headers)
    if (!headers.has('content-type')) headers.set('content-type', 'application/json')
    const text = JSON.stringify(value)
    if (text === undefined) throw new TypeError('This value has no JSON form.')
    return new Response(text, { ...init, headers })
  }
  static redirect(url: unknown, status = 302): Response {
    if (![301, 302, 303, 307, 308].includes(status)) throw new RangeError('A redirect has status 301, 302, 303, 307 or 308.')
    return new Response(null, { status, headers: { location: new URL(url).href } })
  }
}

export class Request extends Body {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly signal: AbortSignal
  constructor(input: unknown, init: { method?: string; headers?: unknown; body?: unknown; signal?: AbortSignal } = {}) {
    const from = input instanceof Request ? input : undefined
    const { content, contentType } = init.body === undefined && from ? { content: Body.contentOf(from), contentType: undefined } : toBodyContent(init.body)
    super(content)
    this.url = from?.url ?? new URL(input).href
    this.method = String(init.method ?? from?.method ?? 'GET').toUpperCase()
    if (content !== null && (this.method === 'GET' || this.method === 'HEAD')) throw new TypeError('A GET or HEAD request has no body.')
    this.headers = new Headers(init.headers ?? from?.headers)
    this.signal = init.signal ?? from?.signal ?? new AbortSignal()
    if (contentType !== undefined && !this.headers.has('content-type')) this.headers.set('content-type', contentType)
  }
}
