import { utf8toStringLoose } from '@exodus/bytes/utf8.js'
import { bytesToLatin1, encodeUtf8, latin1ToBytes } from './bytes.ts'

/** URLSearchParams of the WHATWG URL standard, without the iteration-order subtleties of changing it while it is iterated. */
export class URLSearchParams {
  #pairs: [string, string][] = []
  /** Called after every change, so that a URL keeps its query in step. */
  #onChange: (() => void) | undefined

  constructor(init: unknown = '', onChange?: () => void) {
    if (typeof init === 'object' && init !== null) {
      const entries = Symbol.iterator in init ? [...(init as Iterable<readonly unknown[]>)] : Object.entries(init)
      this.#pairs = entries.map((entry) => {
        if (entry.length !== 2) throw new TypeError('Each entry of URLSearchParams is a pair of name and value.')
        return [String(entry[0]), String(entry[1])]
      })
    } else this.#pairs = parseForm(String(init).replace(/^\?/, ''))
    this.#onChange = typeof onChange === 'function' ? onChange : undefined
  }
  get size(): number {
    return this.#pairs.length
  }
  append(name: string, value: string): void {
    this.#pairs.push([String(name), String(value)])
    this.#onChange?.()
  }
  delete(name: string, value?: string): void {
    this.#pairs = this.#pairs.filter(([key, held]) => key !== String(name) || (value !== undefined && held !== String(value)))
    this.#onChange?.()
  }
  get(name: string): string | null {
    return this.#pairs.find(([key]) => key === String(name))?.[1] ?? null
  }
  getAll(name: string): string[] {
    return this.#pairs.filter(([key]) => key === String(name)).map(([, value]) => value)
  }
  has(name: string, value?: string): boolean {
    return this.#pairs.some(([key, held]) => key === String(name) && (value === undefined || held === String(value)))
  }
  set(name: string, value: string): void {
    const first = this.#pairs.find(([key]) => key === String(name))
    if (first === undefined) this.#pairs.push([String(name), String(value)])
    else {
      first[1] = String(value)
      this.#pairs = this.#pairs.filter((pair) => pair === first || pair[0] !== first[0])
    }
    this.#onChange?.()
  }
  sort(): void {
    this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    this.#onChange?.()
  }
  forEach(callback: (value: string, name: string, params: URLSearchParams) => void, self?: unknown): void {
    for (const [name, value] of this.#pairs) callback.call(self, value, name, this)
  }
  *entries(): Generator<[string, string]> {
    for (const [name, value] of this.#pairs) yield [name, value]
  }
  *keys(): Generator<string> {
    for (const [name] of this.#pairs) yield name
  }
  *values(): Generator<string> {
    for (const [, value] of this.#pairs) yield value
  }
  [Symbol.iterator](): Generator<[string, string]> {
    return this.entries()
  }
  toString(): string {
    return this.#pairs.map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`).join('&')
  }
  get [Symbol.toStringTag](): string {
    return 'URLSearchParams'
  }
}

/** The pairs of an application/x-www-form-urlencoded text. */
export function parseForm(text: string): [string, string][] {
  const pairs: [string, string][] = []
  for (const part of text.split('&')) {
    if (part === '') continue
    const at = part.indexOf('=')
    pairs.push(at === -1 ? [decodePart(part), ''] : [decodePart(part.slice(0, at)), decodePart(part.slice(at + 1))])
  }
  return pairs
}

function decodePart(part: string): string {
  const text = part.replaceAll('+', ' ')
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    // Broken escapes stay as they are written, and bytes that are no UTF-8 become U+FFFD.
    const bytes = bytesToLatin1(encodeUtf8(text)).replace(/%[0-9a-f]{2}/gi, (escaped) => String.fromCharCode(Number.parseInt(escaped.slice(1), 16)))
    return utf8toStringLoose(latin1ToBytes(bytes))
  }
}

function encodePart(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll('%20', '+')
    .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
