import { utf8fromStringLoose, utf8toStringLoose } from '@exodus/bytes/utf8.js'

const piece = 4096

/** The bytes behind any buffer or view of one; the memory is shared, not copied. */
export function viewBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return undefined
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** One character per byte, as bytes cross the isolate's wall. */
export function latin1ToBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}

export function bytesToLatin1(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += piece) text += String.fromCharCode(...bytes.subarray(at, at + piece))
  return text
}

/** A byte order mark is left out, broken sequences become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return utf8toStringLoose(hasMark ? bytes.subarray(3) : bytes)
}

export const encodeUtf8 = (text: string): Uint8Array<ArrayBuffer> => utf8fromStringLoose(text) as Uint8Array<ArrayBuffer>
