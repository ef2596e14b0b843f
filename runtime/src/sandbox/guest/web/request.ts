import { AbortSignal } from './abort.ts'
import { Body, copyContent, setContent, takeContent, toBodyContent } from './body.ts'
import { Headers } from './headers.ts'
import { URL } from './url.ts'

interface RequestInit {
  method?: string
  headers?: unknown
  body?: unknown
  signal?: AbortSignal | null
  redirect?: string
}

const normalizedMethods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']
const redirectModes = ['follow', 'manual', 'error']

/** @throws TypeError */
function readMethod(method: unknown): string {
  const text = String(method)
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text) || /^(?:CONNECT|TRACE|TRACK)$/i.test(text))
    throw new TypeError(`"${text.slice(0, 50)}" is not a method for a Request.`)
  return normalizedMethods.find((each) => each === text.toUpperCase()) ?? text
}

/** @throws TypeError */
function readRedirect(mode: unknown): string {
  const found = redirectModes.find((each) => each === mode)
  if (found === undefined) throw new TypeError(`The redirect of a Request is one of ${redirectModes.join(', ')}.`)
  return found
}

export class Request extends Body {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly signal: AbortSignal
  readonly redirect: string

  constructor(input: unknown, init: RequestInit = {}) {
    const from = input instanceof Request ? input : undefined
    const method = readMethod(init.method ?? from?.method ?? 'GET')
    const isBodyInherited = from !== undefined && (init.body === undefined || init.body === null)
    const { content, contentType } = isBodyInherited ? { content: takeContent(from), contentType: undefined } : toBodyContent(init.body)
    if (content !== null && (method === 'GET' || method === 'HEAD')) throw new TypeError('A GET or HEAD request has no body.')
    super(content)
    this.method = method
    this.url = from?.url ?? new URL(input).href
    this.headers = new Headers(init.headers ?? from?.headers)
    this.signal = init.signal ?? from?.signal ?? new AbortSignal()
    this.redirect = readRedirect(init.redirect ?? from?.redirect ?? 'follow')
    if (contentType !== undefined && !this.headers.has('content-type')) this.headers.set('content-type', contentType)
  }
  clone(): Request {
    const copy = new Request(this.url, { method: this.method, headers: this.headers, signal: this.signal, redirect: this.redirect })
    setContent(copy, copyContent(this))
    return copy
  }
  get [Symbol.toStringTag](): string {
    return 'Request'
  }
}
