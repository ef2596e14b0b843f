import { checkHeaderName, checkHeaderValue } from '../http/header-rules.ts'

/** Headers of the Fetch standard: names in lower case and sorted, repeated values joined, set-cookie kept apart. */
export class Headers {
  readonly #values = new Map<string, string[]>()
  constructor(init?: unknown) {
    if (init === undefined || init === null) return
    const entries = typeof init === 'object' && Symbol.iterator in init ? (init as Iterable<[unknown, unknown]>) : Object.entries(init as object)
    for (const [name, value] of entries) this.append(String(name), String(value))
  }
  append(name: string, value: string): void {
    const key = checkHeaderName(name)
    this.#values.set(key, [...(this.#values.get(key) ?? []), checkHeaderValue(key, value).trim()])
  }
  set(name: string, value: string): void {
    const key = checkHeaderName(name)
    this.#values.set(key, [checkHeaderValue(key, value).trim()])
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
