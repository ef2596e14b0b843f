import encodeUrl from 'encodeurl'
import { append as appendVary } from 'vary'
import { log } from '../log.ts'
import { askExpress } from './express-tool.ts'
import { checkHeaderName, checkHeaderValue } from './header-rules.ts'
import { Listeners } from './listeners.ts'

export type HeaderValue = string | string[]
export interface HeadSettings {
  status: number
  headers: Record<string, HeaderValue>
}
export interface CookieOptions {
  domain?: string
  encode?: (value: string) => string
  expires?: Date
  httpOnly?: boolean
  /** Milliseconds, as in Express. */
  maxAge?: number | null
  partitioned?: boolean
  path?: string | null
  priority?: 'low' | 'medium' | 'high'
  sameSite?: boolean | 'lax' | 'strict' | 'none'
  secure?: boolean
  signed?: boolean
}

/** The endings that are asked for all day; the host knows the others. */
const commonTypes: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  json: 'application/json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  text: 'text/plain; charset=utf-8',
  bin: 'application/octet-stream',
}
const plainType = /^[a-z]+\/[a-z0-9.+-]+$/
const utf8Type = /^[a-z]+\/[a-z0-9.+-]+; charset=utf-8$/

/** For the answer itself, which knows when its head has left. */
export let readHead: (head: ResponseHead) => { readonly status: number; readonly headers: Record<string, HeaderValue> | undefined }
export let writeHead: (head: ResponseHead, settings: Partial<HeadSettings>) => void
/** Without the checks that a value of the author needs. @param name in lower case */
export let findHeader: (head: ResponseHead, name: string) => HeaderValue | undefined
export let putHeader: (head: ResponseHead, name: string, value: string) => void

/** Status and headers of an answer, set as in Express. What comes after the head has left is ignored, and said in the log. */
export abstract class ResponseHead extends Listeners {
  #status = 200
  #headers: Record<string, HeaderValue> | undefined
  /** Kept for code that sets it; the words beside the status are always the standard's. */
  statusMessage: string | undefined
  abstract get headersSent(): boolean

  static {
    findHeader = (head, name) => head.#headers?.[name]
    putHeader = (head, name, value) => {
      head.#headers ??= Object.create(null) as Record<string, HeaderValue>
      head.#headers[name] = value
    }
    readHead = (head) => ({ status: head.#status, headers: head.#headers })
    writeHead = (head, { status, headers }) => {
      if (status !== undefined) head.#status = status
      if (headers !== undefined) head.#headers = headers
    }
  }
  get statusCode(): number {
    return this.#status
  }
  set statusCode(code: number) {
    this.status(code)
  }
  /** @throws TypeError, RangeError */
  status(code: number): this {
    if (!Number.isInteger(code)) throw new TypeError(`Invalid status code: ${describe(code)}. It must be a whole number.`)
    if (code < 200 || code > 599) throw new RangeError(`Invalid status code: ${code}. An answer has a status from 200 to 599.`)
    if (this.#isOpen('status')) this.#status = code
    return this
  }
  /** @throws TypeError for a name or value that HTTP does not allow */
  set(name: string | Record<string, unknown>, value?: unknown): this {
    if (typeof name === 'object' && name !== null) {
      for (const key in name) this.set(key, name[key])
      return this
    }
    const key = checkHeaderName(name)
    if (key !== 'content-type') return this.setHeader(key, value)
    if (Array.isArray(value)) throw new TypeError('Content-Type cannot be set to an Array')
    return this.setHeader(key, withCharset(String(value)))
  }
  header(name: string | Record<string, unknown>, value?: unknown): this {
    return this.set(name, value)
  }
  /** As Node: the value as it is, also of a content type. */
  setHeader(name: string, value: unknown): this {
    const key = checkHeaderName(name)
    if (value === undefined) throw new TypeError(`The header ${key} was given no value.`)
    const checked = Array.isArray(value) ? value.map((each) => checkHeaderValue(key, each)) : checkHeaderValue(key, value)
    if (!this.#isOpen(`header ${key}`)) return this
    this.#headers ??= Object.create(null) as Record<string, HeaderValue>
    this.#headers[key] = checked
    return this
  }
  get(name: string): HeaderValue | undefined {
    return this.#headers?.[String(name).toLowerCase()]
  }
  getHeader(name: string): HeaderValue | undefined {
    return this.get(name)
  }
  getHeaders(): Record<string, HeaderValue> {
    return Object.assign(Object.create(null), this.#headers)
  }
  getHeaderNames(): string[] {
    return Object.keys(this.#headers ?? {})
  }
  hasHeader(name: string): boolean {
    return this.get(name) !== undefined
  }
  removeHeader(name: string): void {
    if (this.#headers !== undefined && this.#isOpen(`removal of header ${name}`)) delete this.#headers[String(name).toLowerCase()]
  }
  append(name: string, value: unknown): this {
    const held = this.get(name)
    return this.set(name, held === undefined ? value : [held, value].flat())
  }
  appendHeader(name: string, value: unknown): this {
    return this.append(name, value)
  }
  /** @param type a media type, or a file ending such as `html` */
  type(type: string): this {
    const known = commonTypes[type] ?? (type.includes('/') ? type : askExpress('mediaType', type))
    return this.set('content-type', known || 'application/octet-stream')
  }
  contentType(type: string): this {
    return this.type(type)
  }
  vary(field: string | string[]): this {
    const held = this.get('vary') ?? ''
    const text = appendVary(Array.isArray(held) ? held.join(', ') : held, field)
    return text === '' ? this : this.set('vary', text)
  }
  location(url: string): this {
    return this.set('location', encodeUrl(String(url)))
  }
  links(links: Record<string, string | string[]>): this {
    const held = this.get('link')
    const made = Object.entries(links).flatMap(([rel, urls]) => [urls].flat().map((url) => `<${url}>; rel="${rel}"`))
    return this.set('link', [...(held === undefined ? [] : [held].flat()), ...made].join(', '))
  }
  attachment(fileName?: string): this {
    const name = fileName === undefined ? undefined : (String(fileName).replace(/\/+$/, '').split('/').pop() ?? '')
    const ending = name === undefined ? undefined : /[^.](\.[^.]*)$/.exec(name)?.[1]
    if (name) this.type(ending ?? '')
    return this.set('content-disposition', askExpress('disposition', name))
  }
  cookie(name: string, value: unknown, { encode = encodeURIComponent, expires, maxAge, path, signed, ...rest }: CookieOptions = {}): this {
    if (signed) throw new Error('Signed cookies need a secret: sign the value yourself with crypto.subtle, and set it without "signed".')
    const text = typeof value === 'object' ? `j:${JSON.stringify(value)}` : String(value)
    const ageMs = maxAge === undefined || maxAge === null ? Number.NaN : Number(maxAge)
    const expiresAtMs = Number.isNaN(ageMs) ? (expires?.getTime() ?? null) : Date.now() + ageMs
    const options = { ...rest, path: path ?? '/', ...(Number.isNaN(ageMs) ? {} : { maxAge: Math.floor(ageMs / 1000) }) }
    return this.append('set-cookie', askExpress('cookie', name, encode(text), options, expiresAtMs))
  }
  clearCookie(name: string, { maxAge, ...options }: CookieOptions = {}): this {
    return this.cookie(name, '', { path: '/', ...options, expires: new Date(1) })
  }
  #isOpen(what: string): boolean {
    if (!this.headersSent) return true
    warnSent(what)
    return false
  }
}

export function warnSent(what: string): void {
  log('warn', [`The answer has already been sent; this ${what} is ignored. Did you forget a return?`])
}

/** What `res.send` does to the type of a text. @throws TypeError when the type cannot be read */
export function withUtf8(contentType: string): string {
  if (utf8Type.test(contentType)) return contentType
  if (plainType.test(contentType)) return `${contentType}; charset=utf-8`
  return askExpress('withUtf8', contentType) as string
}

/** What setting a type does: those that are text get their charset. */
function withCharset(contentType: string): string {
  if (/charset/.test(contentType)) return contentType
  return /^(?:text\/|application\/(?:json|javascript|manifest\+json|fhir\+json)\b)/i.test(contentType) ? `${contentType}; charset=utf-8` : contentType
}

function describe(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return typeof value
  }
}
