import { Body, type BodyContent, copyContent, setContent, toBodyContent } from './body.ts'
import { Headers } from './headers.ts'
import { URL } from './url.ts'

interface ResponseInit {
  status?: number
  statusText?: string
  headers?: unknown
}
/** What only an answer from the network has. */
export interface FetchedFacts {
  status: number
  statusText: string
  headers: Headers
  url: string
  redirected: boolean
}

const redirectStatuses = [301, 302, 303, 307, 308]
const nullBodyStatuses = [204, 205, 304]

/** For `fetch`: an answer as it came, which may have what the constructor refuses. */
export let createFetchedResponse: (content: BodyContent, facts: FetchedFacts) => Response

export class Response extends Body {
  #status: number
  #statusText: string
  #headers: Headers
  #url = ''
  #isRedirected = false
  #type: 'default' | 'basic' | 'error' = 'default'

  static {
    createFetchedResponse = (content, { status, statusText, headers, url, redirected }) => {
      const response = Response.#withContent(content)
      response.#status = status
      response.#statusText = statusText
      response.#headers = headers
      response.#url = url
      response.#isRedirected = redirected
      response.#type = 'basic'
      return response
    }
  }
  constructor(body?: unknown, init: ResponseInit = {}) {
    const { content, contentType } = toBodyContent(body)
    super(content)
    const status = Number(init.status ?? 200)
    if (!Number.isInteger(status) || status < 200 || status > 599) throw new RangeError('The status of a Response is a number from 200 to 599.')
    if (content !== null && nullBodyStatuses.includes(status)) throw new TypeError(`A Response with status ${status} has no body.`)
    this.#status = status
    this.#statusText = String(init.statusText ?? '')
    this.#headers = new Headers(init.headers)
    if (contentType !== undefined && !this.#headers.has('content-type')) this.#headers.set('content-type', contentType)
  }
  get status(): number {
    return this.#status
  }
  get statusText(): string {
    return this.#statusText
  }
  get headers(): Headers {
    return this.#headers
  }
  get url(): string {
    return this.#url
  }
  get redirected(): boolean {
    return this.#isRedirected
  }
  get type(): string {
    return this.#type
  }
  get ok(): boolean {
    return this.#status >= 200 && this.#status < 300
  }
  clone(): Response {
    const copy = Response.#withContent(copyContent(this))
    copy.#status = this.#status
    copy.#statusText = this.#statusText
    copy.#headers = new Headers(this.#headers)
    copy.#url = this.#url
    copy.#isRedirected = this.#isRedirected
    copy.#type = this.#type
    return copy
  }
  static #withContent(content: BodyContent): Response {
    const response = new Response()
    setContent(response, content)
    return response
  }
  static json(value: unknown, init: ResponseInit = {}): Response {
    const headers = new Headers(init.headers)
    if (!headers.has('content-type')) headers.set('content-type', 'application/json')
    const text = JSON.stringify(value)
    if (text === undefined) throw new TypeError('This value has no JSON form.')
    return new Response(text, { ...init, headers })
  }
  static redirect(url: unknown, status = 302): Response {
    if (!redirectStatuses.includes(status)) throw new RangeError(`A redirect has status ${redirectStatuses.join(', ')}.`)
    return new Response(null, { status, headers: { location: new URL(url).href } })
  }
  static error(): Response {
    const response = new Response(null)
    response.#status = 0
    response.#type = 'error'
    return response
  }
  get [Symbol.toStringTag](): string {
    return 'Response'
  }
}
