import { Blob, File } from './blob.ts'

export type FormValue = string | File

function toValue(value: unknown, fileName: unknown): FormValue {
  if (!(value instanceof Blob)) return String(value).toWellFormed()
  if (value instanceof File && fileName === undefined) return value
  const lastModified = value instanceof File ? { lastModified: value.lastModified } : {}
  return new File([value], fileName === undefined ? 'blob' : String(fileName), { type: value.type, ...lastModified })
}

/** Names and values of a form, in order; a value is text or a File. */
export class FormData {
  #pairs: [string, FormValue][] = []
  append(name: unknown, value: unknown, fileName?: unknown): void {
    this.#pairs.push([String(name).toWellFormed(), toValue(value, fileName)])
  }
  set(name: unknown, value: unknown, fileName?: unknown): void {
    const key = String(name).toWellFormed()
    const at = this.#pairs.findIndex(([held]) => held === key)
    if (at === -1) return this.append(name, value, fileName)
    this.#pairs = this.#pairs.filter(([held], index) => index === at || held !== key)
    this.#pairs[at] = [key, toValue(value, fileName)]
  }
  get(name: unknown): FormValue | null {
    return this.#pairs.find(([key]) => key === String(name))?.[1] ?? null
  }
  getAll(name: unknown): FormValue[] {
    return this.#pairs.filter(([key]) => key === String(name)).map(([, value]) => value)
  }
  has(name: unknown): boolean {
    return this.#pairs.some(([key]) => key === String(name))
  }
  delete(name: unknown): void {
    this.#pairs = this.#pairs.filter(([key]) => key !== String(name))
  }
  forEach(callback: (value: FormValue, name: string, form: FormData) => void, self?: unknown): void {
    for (const [name, value] of this.#pairs) callback.call(self, value, name, this)
  }
  *entries(): Generator<[string, FormValue]> {
    for (const [name, value] of this.#pairs) yield [name, value]
  }
  *keys(): Generator<string> {
    for (const [name] of this.#pairs) yield name
  }
  *values(): Generator<FormValue> {
    for (const [, value] of this.#pairs) yield value
  }
  [Symbol.iterator](): Generator<[string, FormValue]> {
    return this.entries()
  }
  get [Symbol.toStringTag](): string {
    return 'FormData'
  }
}
