import assert from 'node:assert'
import util from 'node:util'
import { format, formatWithOptions, inspect, stripVTControlCharacters } from 'node-inspect-extracted'

/** Node's own symbol is registered, so that every copy of this module means the same one. */
const custom = Symbol.for('nodejs.util.promisify.custom')

type Callback = (error: unknown, value?: unknown) => void
type Asynchronous = ((...values: unknown[]) => unknown) & { [custom]?: (...values: unknown[]) => unknown }

function promisify(original: Asynchronous): (...values: unknown[]) => unknown {
  if (typeof original !== 'function') throw new TypeError('The "original" argument must be of type function')
  const given = original[custom]
  if (given !== undefined) return given
  function promised(this: unknown, ...values: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const done: Callback = (error, value) => (error ? reject(error) : resolve(value))
      original.call(this, ...values, done)
    })
  }
  Object.setPrototypeOf(promised, Object.getPrototypeOf(original))
  return Object.defineProperties(Object.defineProperty(promised, custom, { value: promised, configurable: true }), Object.getOwnPropertyDescriptors(original))
}
promisify.custom = custom

function isDeepStrictEqual(one: unknown, other: unknown): boolean {
  try {
    assert.deepStrictEqual(one, other)
    return true
  } catch {
    return false
  }
}

export const nodeModule = {
  ...util,
  promisify,
  isDeepStrictEqual,
  inspect,
  format,
  formatWithOptions,
  stripVTControlCharacters,
  TextDecoder: globalThis.TextDecoder,
  TextEncoder: globalThis.TextEncoder,
  debuglog: () => Object.assign(() => {}, { enabled: false }),
  deprecate: <T>(deprecated: T): T => deprecated,
  toUSVString: (text: unknown): string => String(text).toWellFormed(),
}
