import { fromBase64any, toBase64 } from '@exodus/bytes/base64.js'

/** @throws DOMException-like InvalidCharacterError, as browsers do */
function invalidCharacter(message: string): Error {
  const error = new Error(message)
  error.name = 'InvalidCharacterError'
  return error
}

export function btoa(value: unknown): string {
  const text = String(value)
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 255) throw invalidCharacter('btoa takes characters up to U+00FF only.')
    bytes[at] = code
  }
  return toBase64(bytes)
}

export function atob(value: unknown): string {
  let bytes: Uint8Array
  try {
    bytes = fromBase64any(String(value).replace(/[\t\n\f\r ]/g, ''), { padding: 'both' })
  } catch {
    throw invalidCharacter('atob was given text that is not base64.')
  }
  let text = ''
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096))
  return text
}
