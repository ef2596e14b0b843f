import type * as WebStreams from 'web-streams-polyfill'

export type ReadableStream = WebStreams.ReadableStream<unknown>

// The package defines hundreds of methods. Every context would carry them, so it is run when the first stream is made; the bundle holds it as a function.
declare const require: (name: 'web-streams-polyfill') => typeof WebStreams

let made: typeof WebStreams | undefined

export function webStreams(): typeof WebStreams {
  made ??= require('web-streams-polyfill')
  return made
}

/** False also as long as no stream was ever made, without loading what makes them. */
export function isReadableStream(value: unknown): value is ReadableStream {
  return made !== undefined && value instanceof made.ReadableStream
}

export const streamNames = [
  'ReadableStream',
  'ReadableStreamDefaultReader',
  'ReadableStreamBYOBReader',
  'WritableStream',
  'WritableStreamDefaultWriter',
  'TransformStream',
  'ByteLengthQueuingStrategy',
  'CountQueuingStrategy',
] as const
