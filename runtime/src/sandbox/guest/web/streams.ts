import type * as WebStreams from 'web-streams-polyfill'
import { webStreams as load } from '../lazy-packages.ts'

export type ReadableStream = WebStreams.ReadableStream<unknown>

let made: typeof WebStreams | undefined

export function webStreams(): typeof WebStreams {
  made ??= load()
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
