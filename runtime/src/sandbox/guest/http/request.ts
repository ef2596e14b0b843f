import { isTextual } from '../../bridge.ts'
import { type FormFields, parseFields } from './query.ts'

type RequestHeaders = Record<string, string | string[] | undefined>

/** The lines of a call's meta: six fixed ones, then header name and value in turns. */
const line = { method: 0, url: 1, id: 2, ip: 3, credentialId: 4, application: 5, firstHeader: 6 } as const
// Where a header may come once only, the first counts; the others are joined. The same lists as in Node.
const singleHeaders = new Set(
  'age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since last-modified location max-forwards proxy-authorization referer retry-after server user-agent'.split(
    ' ',
  ),
)

export class BodyNotReadable extends Error {}

/** What a function gets as `req`. Everything but the body is read from the meta lines when it is asked for. */
export class FunctionRequest {
  readonly #lines: readonly string[]
  readonly params: Record<string, string> = {}
  readonly body: unknown
  #headers: RequestHeaders | undefined
  #query: FormFields | undefined

  /** @throws BodyNotReadable when the body is not what its content-type says */
  constructor(meta: string, body: string) {
    this.#lines = meta.split('\n')
    this.body = body === '' ? {} : this.#parseBody(body)
  }
  #parseBody(body: string): unknown {
    const contentType = this.get('content-type')
    if (!isTextual(contentType)) return Uint8Array.from(body, (char) => char.charCodeAt(0))
    if (/^\s*application\/(?:[\w.-]+\+)?json/i.test(contentType ?? '')) {
      try {
        return JSON.parse(body)
      } catch (error) {
        throw new BodyNotReadable(error instanceof Error ? error.message : 'It is not JSON.')
      }
    }
    return /^\s*application\/x-www-form-urlencoded/i.test(contentType ?? '') ? { ...parseFields(body) } : body
  }
  get method(): string {
    return this.#lines[line.method] ?? ''
  }
  /** Path and query inside the environment. */
  get url(): string {
    return this.#lines[line.url] ?? '/'
  }
  get path(): string {
    return this.url.split('?', 1)[0] ?? '/'
  }
  get query(): FormFields {
    const at = this.url.indexOf('?')
    this.#query ??= parseFields(at === -1 ? '' : this.url.slice(at + 1))
    return this.#query
  }
  get id(): string {
    return this.#lines[line.id] ?? ''
  }
  get ip(): string {
    return this.#lines[line.ip] ?? ''
  }
  /** Who called, in an environment with key-auth. The key itself is not known here. */
  get credential(): { id: string; application: string } | undefined {
    const id = this.#lines[line.credentialId]
    return id ? { id, application: decodeURIComponent(this.#lines[line.application] ?? '') } : undefined
  }
  get headers(): RequestHeaders {
    this.#headers ??= readHeaders(this.#lines)
    return this.#headers
  }
  get(name: string): string | undefined {
    const key = String(name).toLowerCase()
    const value = this.headers[key === 'referrer' ? 'referer' : key]
    return Array.isArray(value) ? value.join(', ') : value
  }
  header(name: string): string | undefined {
    return this.get(name)
  }
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
