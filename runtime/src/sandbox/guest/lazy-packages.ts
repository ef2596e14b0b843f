import type * as Encoding from '@exodus/bytes/encoding-lite.js'
import type * as WebStreams from 'web-streams-polyfill'
import { once } from './once.ts'

// The bundler keeps what is required as a function until it is called.
declare const require: (name: string) => unknown

const defaultOf = (module: unknown): unknown => (module as { default?: unknown }).default ?? module

export const webStreams = once(() => require('web-streams-polyfill') as typeof WebStreams)
export const encodings = once(() => require('@exodus/bytes/encoding-lite.js') as typeof Encoding)
export const inspect = once(() => defaultOf(require('object-inspect')) as (value: unknown, options?: { depth?: number; maxStringLength?: number }) => string)
export const cloner = once(() => require('@ungap/structured-clone') as { serialize(value: unknown): unknown; deserialize(written: unknown): unknown })
