import {
  Binary,
  BSONRegExp,
  Code,
  calculateObjectSize,
  DBRef,
  Decimal128,
  Double,
  deserialize,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
  setInternalBufferSize,
  Timestamp,
  UUID,
} from 'bson'

/** The classes that authors use to make and recognise values of MongoDB. */
export const bsonTypes = { Binary, BSONRegExp, Code, DBRef, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID }

/**
 * The package keeps one scratch buffer and writes past its end without noticing, so a document that does not fit is written again into one of its true
 * size. The bundle cuts the buffer's first size from 17 MiB, which every context would carry, to this.
 */
let scratchBytes = 16 * 1024

export function encode(document: Record<string, unknown>): Uint8Array {
  try {
    const bytes = serialize(document, { ignoreUndefined: false })
    if (bytes.length <= scratchBytes) return bytes
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  scratchBytes = Math.max(scratchBytes, calculateObjectSize(document, { ignoreUndefined: false }) + 64)
  setInternalBufferSize(scratchBytes)
  return serialize(document, { ignoreUndefined: false })
}

export function decode(bytes: Uint8Array): Record<string, unknown> {
  return deserialize(bytes)
}

/** Documents that follow each other; each begins with its length. */
export function decodeAll(bytes: Uint8Array): Record<string, unknown>[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const documents: Record<string, unknown>[] = []
  for (let at = 0; at + 4 < bytes.length; ) {
    const length = view.getInt32(at, true)
    documents.push(deserialize(bytes.subarray(at, at + length)))
    at += length
  }
  return documents
}

/** A payload of the host as bytes: small ones come as a string of one character per byte. */
export function toPayloadBytes(payload: string | ArrayBuffer): Uint8Array {
  if (typeof payload !== 'string') return new Uint8Array(payload)
  const bytes = new Uint8Array(payload.length)
  for (let at = 0; at < payload.length; at++) bytes[at] = payload.charCodeAt(at)
  return bytes
}
