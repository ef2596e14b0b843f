import { encodeUtf8 } from './bytes.ts'

export class TextEncoder {
  get encoding(): string {
    return 'utf-8'
  }
  encode(text: unknown = ''): Uint8Array<ArrayBuffer> {
    return encodeUtf8(String(text))
  }
  encodeInto(text: unknown, target: Uint8Array): { read: number; written: number } {
    let read = 0
    let written = 0
    for (const char of String(text)) {
      const bytes = encodeUtf8(char)
      if (written + bytes.length > target.length) break
      target.set(bytes, written)
      read += char.length
      written += bytes.length
    }
    return { read, written }
  }
  get [Symbol.toStringTag](): string {
    return 'TextEncoder'
  }
}
