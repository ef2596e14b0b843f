import { pipeline, type Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

const decoders: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}
/** Each layer costs memory, and nobody sends more than one. */
const layersMax = 2

/**
 * The body as it was before the server compressed it. It is unpacked as far as it is read, so a body that grows a thousandfold costs no more than its reader
 * takes.
 * @returns undefined when the body is not compressed in a way that is known here
 */
export function decodeBody(body: Readable, contentEncoding: string | undefined): Readable | undefined {
  const codings = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
  if (codings.length === 0 || codings.length > layersMax || !codings.every((coding) => Object.hasOwn(decoders, coding))) return undefined
  // A failure destroys the last stream with the error, which its reader sees.
  return codings.reverse().reduce<Readable>((source, coding) => pipeline(source, decoders[coding]?.() as Transform, () => undefined), body)
}
