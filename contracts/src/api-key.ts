import type { EnvironmentName } from './names.ts'

/**
 * The form of a consumer's key: `imp_<environment>_<30 base62 characters><6 base62 characters of CRC-32>`. One word on double-click, found by a
 * published expression, and a typing mistake is refused before any lookup. The idea of prefix and checksum is GitHub's token format.
 */
export const apiKeyRandomLength = 30
export const apiKeyChecksumLength = 6
export const apiKeyPattern = /\bimp_(?:dev|staging|prod)_[0-9A-Za-z]{36}\b/

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})
function crc32(text: string): number {
  let crc = 0xffffffff
  for (let i = 0; i < text.length; i++) crc = (crcTable[(crc ^ text.charCodeAt(i)) & 0xff] as number) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
export function checksum(text: string): string {
  let n = crc32(text)
  let out = ''
  for (let i = 0; i < apiKeyChecksumLength; i++) {
    out = alphabet[n % 62] + out
    n = Math.floor(n / 62)
  }
  return out
}

/** @param randomBytes at least 45 random bytes; values that would favour some letters are passed over. */
export function formatApiKey(environment: EnvironmentName, randomBytes: Uint8Array): string {
  let random = ''
  for (const byte of randomBytes) if (byte < 248 && random.length < apiKeyRandomLength) random += alphabet[byte % 62]
  if (random.length < apiKeyRandomLength) throw new RangeError(`formatApiKey needs more random bytes than ${randomBytes.length}.`)
  const body = `imp_${environment}_${random}`
  return body + checksum(body)
}

/** True when the text has the form and checksum of a key; says nothing of whether such a key exists. */
export function isWellFormedApiKey(text: string): boolean {
  if (text.length > 60 || !/^imp_(?:dev|staging|prod)_[0-9A-Za-z]{36}$/.test(text)) return false
  return checksum(text.slice(0, -apiKeyChecksumLength)) === text.slice(-apiKeyChecksumLength)
}

/** `imp_dev_…a1b2`: the most that may ever be printed of a key. */
export function apiKeyHint(key: string): string {
  const environment = key.split('_')[1] ?? ''
  return `imp_${environment}_…${key.slice(-4)}`
}
