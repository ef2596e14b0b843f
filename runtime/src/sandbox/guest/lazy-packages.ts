import type * as Encoding from '@exodus/bytes/encoding-lite.js'
import type * as WebStreams from 'web-streams-polyfill'

// Every context begins as a copy of what the bundle made at its start, so what most functions never use is made when it is first asked for. The bundler
// keeps a required package as a function until then.
declare const require: (name: string) => unknown

function once<T>(load: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: load() }
    return made.value
  }
}
const defaultOf = (module: unknown): unknown => (module as { default?: unknown }).default ?? module

export const webStreams = once(() => require('web-streams-polyfill') as typeof WebStreams)
export const encodings = once(() => require('@exodus/bytes/encoding-lite.js') as typeof Encoding)
export const inspect = once(() => defaultOf(require('object-inspect')) as (value: unknown, options?: { depth?: number; maxStringLength?: number }) => string)
export const cloner = once(() => require('@ungap/structured-clone') as { serialize(value: unknown): unknown; deserialize(written: unknown): unknown })
