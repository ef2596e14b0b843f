import { AbortSignal, abortSignal } from '../web/abort.ts'
import { parseBody } from './body-parsing.ts'
import { askExpress } from './express-tool.ts'
import { checkHeaderName } from './header-rules.ts'
import { Listeners } from './listeners.ts'
import { type FormFields, parseFields, queryPairsMax } from './query.ts'
import type { FunctionResponse } from './response.ts'

type RequestHeaders = Record<string, string | string[] | undefined>

/** The lines of a call's meta: six fixed ones, then header name and value in turns. */
const line = { method: 0, url: 1, id: 2, origin: 3, credentialId: 4, application: 5, firstHeader: 6 } as const
// Where a header may come once only, the first counts; the others are joined. The same lists as in Node.
const singleHeaders = new Set(
  'age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since last-modified location max-forwards proxy-authorization referer retry-after server user-agent'.split(
    ' ',
  ),
)

const triggers = new Set(['invoke', 'schedule', 'run'])

/** Events of a body that comes bit by bit: here it is whole before the function runs. */
const bodyEvents = ['data', 'readable', 'end']

/** What a function gets as `req`. Everything but the body is read from the meta lines when it is asked for. */
export class FunctionRequest extends Listeners {
  readonly #lines: readonly string[]
  #response: FunctionResponse | undefined
  #signal: AbortSignal | undefined
  #abortReason: unknown
  readonly params: Record<string, string> = {}
  readonly body: unknown
  /** What middleware has left for those behind it; goes over as JSON. */
  locals: Record<string, unknown> = {}
  #headers: RequestHeaders | undefined
  #query: FormFields | undefined

  /** @throws BodyNotReadable when the body is not what its content-type says */
  constructor(meta: string, body: string) {
    super()
    this.#lines = meta.split('\n')
    this.body = body === '' ? {} : parseBody(this.get('content-type'), body)
  }
  /** For the dispatcher: the two know each other. */
  static join(request: FunctionRequest, response: FunctionResponse): void {
    request.#response = response
  }
  /** Nobody waits for the answer any more. */
  static abort(request: FunctionRequest, reason: unknown): void {
    request.#abortReason ??= reason
    if (request.#signal !== undefined) abortSignal(request.#signal, reason)
  }
  get method(): string {
    return this.#lines[line.method] ?? ''
  }
  /** Path and query inside the environment. */
  get url(): string {
    return this.#lines[line.url] ?? '/'
  }
  get originalUrl(): string {
    return this.url
  }
  get baseUrl(): string {
    return ''
  }
  get path(): string {
    return this.url.split('?', 1)[0] ?? '/'
  }
  get query(): FormFields {
    const at = this.url.indexOf('?')
    this.#query ??= parseFields(at === -1 ? '' : this.url.slice(at + 1), queryPairsMax)
    return this.#query
  }
  get id(): string {
    return this.#lines[line.id] ?? ''
  }
  get ip(): string {
    return this.trigger === 'http' ? (this.#addresses[0] ?? '') : ''
  }
  /** The caller's address and, behind proxies that are trusted, those that these passed on. */
  get #addresses(): string[] {
    const words = (this.#lines[line.origin] ?? '').split(' ')
    return words[0] === 'https' ? words.slice(1) : words
  }
  /** What made the call. Calls that come from no connection carry it where the caller's address else is. */
  get trigger(): string {
    const at = this.#lines[line.origin] ?? ''
    return triggers.has(at) ? at : 'http'
  }
  /** Who called, in an environment with key-auth. The key itself is not known here. */
  get credential(): { id: string; application: string } | undefined {
    const id = this.#lines[line.credentialId]
    return id ? { id, application: decodeURIComponent(this.#lines[line.application] ?? '') } : undefined
  }
  /** @returns header name and value in turns, each line begun by a line break; undefined when nobody can have changed them */
  static changedHeaderLines(request: FunctionRequest): string | undefined {
    return request.#headers === undefined ? undefined : toHeaderLines(request.#headers)
  }
  get headers(): RequestHeaders {
    this.#headers ??= readHeaders(this.#lines)
    return this.#headers
  }
  get rawHeaders(): string[] {
    return this.#lines.slice(line.firstHeader)
  }
  /** @throws TypeError without a name */
  get(name: string): string | undefined {
    if (typeof name !== 'string' || name === '') throw new TypeError('req.get takes the name of a header.')
    const key = name.toLowerCase()
    const value = key === 'referrer' || key === 'referer' ? (this.headers.referrer ?? this.headers.referer) : this.headers[key]
    return value as string | undefined
  }
  header(name: string): string | undefined {
    return this.get(name)
  }
  /** Aborts when the caller goes away before the answer, or the call's time is up. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#signal = new AbortSignal()
      if (this.#abortReason !== undefined) abortSignal(this.#signal, this.#abortReason)
    }
    return this.#signal
  }
  get aborted(): boolean {
    return this.#abortReason !== undefined
  }
  get res(): FunctionResponse | undefined {
    return this.#response
  }
  override on(event: string, listener: (...values: unknown[]) => unknown): this {
    if (bodyEvents.includes(event)) throw new Error(`req.on('${event}') never comes: the whole body is in req.body before the function runs.`)
    return super.on(event, listener)
  }
  pipe(): never {
    throw new Error('req.pipe is not possible in a function: the whole body is in req.body before it runs.')
  }

  get httpVersion(): string {
    return '1.1'
  }
  get protocol(): string {
    return this.#lines[line.origin]?.startsWith('https ') ? 'https' : 'http'
  }
  get secure(): boolean {
    return this.protocol === 'https'
  }
  get socket(): { remoteAddress: string } {
    return { remoteAddress: this.ip }
  }
  get ips(): string[] {
    return this.#addresses.slice(1)
  }
  get host(): string | undefined {
    return this.get('host') || undefined
  }
  get hostname(): string | undefined {
    return this.host?.replace(/:\d*$/, '')
  }
  get subdomains(): string[] {
    const { hostname } = this
    if (!hostname) return []
    return /^[\d.]+$|:/.test(hostname) ? [hostname].slice(2) : hostname.split('.').reverse().slice(2)
  }
  get xhr(): boolean {
    return this.get('x-requested-with')?.toLowerCase() === 'xmlhttprequest'
  }
  /** Whether what the caller has in its cache is still what the answer says. */
  get fresh(): boolean {
    const response = this.#response
    if ((this.method !== 'GET' && this.method !== 'HEAD') || response === undefined) return false
    const { statusCode } = response
    if ((statusCode < 200 || statusCode >= 300) && statusCode !== 304) return false
    const { 'if-modified-since': since, 'if-none-match': noneMatch, 'cache-control': control } = this.headers
    if (since === undefined && noneMatch === undefined) return false
    const asked = { 'if-modified-since': since, 'if-none-match': noneMatch, 'cache-control': control }
    return askExpress('isFresh', asked, { etag: response.get('etag'), 'last-modified': response.get('last-modified') }) === true
  }
  get stale(): boolean {
    return !this.fresh
  }
  /** @returns the type that matches, false when none does, null without a body */
  is(...types: (string | string[])[]): string | false | null {
    const { 'content-type': contentType, 'content-length': length, 'transfer-encoding': encoding } = this.headers
    if (encoding === undefined && length === undefined) return null
    return contentType === undefined ? false : (askExpress('is', contentType, types.flat()) as string | false)
  }
  accepts(...types: (string | string[])[]): string | string[] | false {
    return askExpress('accepts', this.get('accept'), types.flat()) as string | false
  }
  acceptsEncodings(...names: (string | string[])[]): string | string[] | false {
    return askExpress('acceptsEncodings', this.get('accept-encoding'), names.flat()) as string | false
  }
  acceptsCharsets(...names: (string | string[])[]): string | string[] | false {
    return askExpress('acceptsCharsets', this.get('accept-charset'), names.flat()) as string | false
  }
  acceptsLanguages(...names: (string | string[])[]): string | string[] | false {
    return askExpress('acceptsLanguages', this.get('accept-language'), names.flat()) as string | false
  }
  /** @returns the ranges asked for, -1 when none can be served, -2 when the header is broken, undefined without one */
  range(size: number, { combine = false }: { combine?: boolean } = {}): unknown {
    const header = this.get('range')
    if (header === undefined) return undefined
    const found = askExpress('range', size, header, combine)
    if (typeof found !== 'object' || found === null) return found
    const { type, ranges } = found as { type: string; ranges: unknown[] }
    return Object.assign(ranges, { type })
  }
}

function toHeaderLines(headers: RequestHeaders): string {
  let lines = ''
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue
    for (const each of Array.isArray(value) ? value : [value]) lines += `\n${checkHeaderName(name)}\n${String(each).replace(/[\r\n]/g, ' ')}`
  }
  return lines
}

function readHeaders(lines: readonly string[]): RequestHeaders {
  const headers: RequestHeaders = Object.create(null)
  for (let at = line.firstHeader; at + 1 < lines.length; at += 2) {
    const name = (lines[at] ?? '').toLowerCase()
    const value = lines[at + 1] ?? ''
    const held = headers[name]
    if (name === 'set-cookie') headers[name] = [...(Array.isArray(held) ? held : []), value]
    else if (held === undefined) headers[name] = value
    else if (!singleHeaders.has(name)) headers[name] = `${held}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return headers
}
