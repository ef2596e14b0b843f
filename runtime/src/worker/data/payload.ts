import { stringPayloadBytesMax } from '../../sandbox/bridge.ts'
import type { Document } from '../../sandbox/bson/bson-format.ts'
import { writeDocument } from '../../sandbox/bson/bson-writer.ts'

/** BSON on its way across the isolate's wall: small ones as a string of one character per byte, larger ones as bytes in memory of their own. */
export type Payload = string | Uint8Array

export function toPayload(document: Document): Payload {
  return joinToPayload([writeDocument(document)])
}

/** @param bytes their sum, for who knows it already */
export function joinToPayload(parts: readonly Uint8Array[], bytes = parts.reduce((sum, part) => sum + part.length, 0)): Payload {
  if (bytes > stringPayloadBytesMax) return join(parts, bytes)
  let text = ''
  for (const part of parts) text += Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1')
  return text
}

/** Into memory of its own, which can change hands with the sandbox; that of a Buffer cannot. */
function join(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const joined = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
