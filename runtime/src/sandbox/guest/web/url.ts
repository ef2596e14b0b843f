import { hostCalls } from '../../bridge.ts'
import { callHost } from '../host.ts'
import { URLSearchParams } from './url-search-params.ts'

/** In the order in which the host sends them, one per line. */
const partNames = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'] as const
type PartName = (typeof partNames)[number]
type Parts = Record<PartName, string>

/** Parsed by the host's URL, which follows the WHATWG standard to the letter; its tables would weigh on every context if they were inside. */
function parse(url: unknown, base: unknown): Parts | undefined {
  const lines = callHost(hostCalls.parseUrl, String(url), base === undefined ? undefined : String(base))
  return typeof lines === 'string' ? toParts(lines) : undefined
}

function toParts(lines: string): Parts {
  const values = lines.split('\n')
  return Object.fromEntries(partNames.map((name, at) => [name, values[at] ?? ''])) as Parts
}

export class URL {
  #parts: Parts
  #params: URLSearchParams | undefined

  constructor(url: unknown, base?: unknown) {
    const parts = parse(url, base)
    if (parts === undefined) throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: String(url) })
    this.#parts = parts
  }
  static canParse(url: unknown, base?: unknown): boolean {
    return parse(url, base) !== undefined
  }
  static parse(url: unknown, base?: unknown): URL | null {
    return URL.canParse(url, base) ? new URL(url, base) : null
  }
  #change(part: PartName, value: unknown): void {
    const lines = callHost(hostCalls.changeUrl, this.#parts.href, part, String(value))
    if (typeof lines !== 'string') throw new TypeError('Invalid URL')
    this.#parts = toParts(lines)
  }
  get searchParams(): URLSearchParams {
    this.#params ??= new URLSearchParams(this.#parts.search, () => this.#change('search', String(this.#params)))
    return this.#params
  }
  toString(): string {
    return this.#parts.href
  }
  toJSON(): string {
    return this.#parts.href
  }
  get [Symbol.toStringTag](): string {
    return 'URL'
  }

  get href(): string {
    return this.#parts.href
  }
  set href(value: string) {
    this.#change('href', value)
    this.#params = undefined
  }
  get origin(): string {
    return this.#parts.origin
  }
  get protocol(): string {
    return this.#parts.protocol
  }
  set protocol(value: string) {
    this.#change('protocol', value)
  }
  get username(): string {
    return this.#parts.username
  }
  set username(value: string) {
    this.#change('username', value)
  }
  get password(): string {
    return this.#parts.password
  }
  set password(value: string) {
    this.#change('password', value)
  }
  get host(): string {
    return this.#parts.host
  }
  set host(value: string) {
    this.#change('host', value)
  }
  get hostname(): string {
    return this.#parts.hostname
  }
  set hostname(value: string) {
    this.#change('hostname', value)
  }
  get port(): string {
    return this.#parts.port
  }
  set port(value: string) {
    this.#change('port', value)
  }
  get pathname(): string {
    return this.#parts.pathname
  }
  set pathname(value: string) {
    this.#change('pathname', value)
  }
  get search(): string {
    return this.#parts.search
  }
  set search(value: string) {
    this.#change('search', value)
    this.#params = undefined
  }
  get hash(): string {
    return this.#parts.hash
  }
  set hash(value: string) {
    this.#change('hash', value)
  }
}
