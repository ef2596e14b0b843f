import { checkHeaderName } from '../http/header-rules.ts'

const forbiddenInValue = /[\0\r\n\u0100-\uffff]/

/** @throws TypeError */
function checkValue(name: string, value: unknown): string {
  const text = String(value).replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, '')
  if (forbiddenInValue.test(text)) throw new TypeError(`The value of header ${name} has a character that HTTP does not allow.`)
  return text
}

/** Headers of the Fetch standard: names in lower case and sorted, repeated values joined, set-cookie kept apart. */
export class Headers {
  readonly #values = new Map<string, string[]>()
  constructor(init?: unknown) {
    if (init === undefined || init === null) return
    if (typeof init !== 'object') throw new TypeError('Headers are made of pairs, an object or other Headers.')
    for (const entry of Symbol.iterator in init ? (init as Iterable<readonly unknown[]>) : Object.entries(init)) {
      const [name, value, ...rest] = entry
      if (entry.length < 2 || rest.length > 0) throw new TypeError('Each entry of Headers is a pair of name and value.')
      this.append(String(name), String(value))
    }
  }
  append(name: string, value: string): void {
    const key = checkHeaderName(name)
    this.#values.set(key, [...(this.#values.get(key) ?? []), checkValue(key, value)])
  }
  set(name: string, value: string): void {
    const key = checkHeaderName(name)
    this.#values.set(key, [checkValue(key, value)])
  }
  get(name: string): string | null {
    return this.#values.get(checkHeaderName(name))?.join(', ') ?? null
  }
  getSetCookie(): string[] {
    return [...(this.#values.get('set-cookie') ?? [])]
  }
  has(name: string): boolean {
    return this.#values.has(checkHeaderName(name))
  }
  delete(name: string): void {
    this.#values.delete(checkHeaderName(name))
  }
  forEach(callback: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this) callback.call(self, value, name, this)
  }
  *entries(): Generator<[string, string]> {
    for (const name of [...this.#values.keys()].sort()) {
      const values = this.#values.get(name) ?? []
      if (name === 'set-cookie') for (const value of values) yield [name, value]
      else yield [name, values.join(', ')]
    }
  }
  *keys(): Generator<string> {
    for (const [name] of this.entries()) yield name
  }
  *values(): Generator<string> {
    for (const [, value] of this.entries()) yield value
  }
  [Symbol.iterator](): Generator<[string, string]> {
    return this.entries()
  }
  get [Symbol.toStringTag](): string {
    return 'Headers'
  }
}
