import buffer from 'node:buffer'

const { Buffer } = buffer

/** The package reads base64url as base64, and knows it by no name of its own. */
const isUrlSafe = (encoding: unknown): boolean => typeof encoding === 'string' && encoding.toLowerCase() === 'base64url'
const readable = (encoding: unknown): unknown => (isUrlSafe(encoding) ? 'base64' : encoding)

type Any = (...values: unknown[]) => unknown
const statics = Buffer as unknown as Record<'from' | 'byteLength' | 'isEncoding', Any>
const members = Buffer.prototype as unknown as Record<'toString' | 'write' | 'fill' | 'indexOf' | 'includes', Any>
const { from, byteLength, isEncoding } = statics
const { toString: toText } = members

statics.from = (value, encoding, length) => from.call(Buffer, value, readable(encoding), length)
statics.byteLength = (value, encoding) => byteLength.call(Buffer, value, readable(encoding))
statics.isEncoding = (encoding) => isUrlSafe(encoding) || isEncoding.call(Buffer, encoding)
for (const name of ['write', 'fill', 'indexOf', 'includes'] as const) {
  const plain = members[name]
  members[name] = function (this: unknown, ...values) {
    return plain.apply(this, [...values.slice(0, -1), ...values.slice(-1).map(readable)])
  }
}
members.toString = function (this: unknown, encoding, start, end) {
  const text = toText.call(this, readable(encoding), start, end) as string
  return isUrlSafe(encoding) ? text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') : text
}

export const nodeModule = {
  ...buffer,
  Buffer,
  Blob: globalThis.Blob,
  File: globalThis.File,
  atob: globalThis.atob,
  btoa: globalThis.btoa,
  constants: { MAX_LENGTH: buffer.kMaxLength, MAX_STRING_LENGTH: 0x1fffffe8 },
  isUtf8(input: Uint8Array): boolean {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(input)
      return true
    } catch {
      return false
    }
  },
  isAscii: (input: Uint8Array): boolean => input.every((byte) => byte < 128),
}
