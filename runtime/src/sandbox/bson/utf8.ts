import { BsonReadError } from './bson-read-error.ts'

/** UTF-8 by hand: the isolate has no codec of its own, and text in documents is short and mostly ASCII. */

const fromCharCode = String.fromCharCode
/** So many characters fit on the stack as arguments, on any of them. */
const charsPerCall = 8192
const apply: (call: typeof fromCharCode, self: undefined, codes: ArrayLike<number>) => string = Reflect.apply

export function readAscii(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > charsPerCall) {
    let text = ''
    for (let at = start; at < end; at += charsPerCall) text += apply(fromCharCode, undefined, bytes.subarray(at, Math.min(end, at + charsPerCall)))
    return text
  }
  if (end - start > 24) return apply(fromCharCode, undefined, bytes.subarray(start, end))
  let text = ''
  for (let at = start; at < end; at++) text += fromCharCode(bytes[at] as number)
  return text
}

/** @throws BsonReadError for what is not UTF-8 */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  const units = new Uint16Array(Math.min(end - start, charsPerCall))
  let text = ''
  let count = 0
  for (let at = start; at < end; ) {
    if (count > units.length - 2) {
      text += apply(fromCharCode, undefined, units.subarray(0, count))
      count = 0
    }
    const first = bytes[at] as number
    if (first < 0x80) {
      units[count++] = first
      at++
      continue
    }
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
    const point = at + length <= end ? readPoint(bytes, at, first, length) : -1
    if (point < 0) throw new BsonReadError('Text is not valid UTF-8.')
    at += length
    if (point > 0xffff) {
      units[count++] = 0xd7c0 + (point >> 10)
      units[count++] = 0xdc00 | (point & 0x3ff)
    } else units[count++] = point
  }
  return text + apply(fromCharCode, undefined, units.subarray(0, count))
}

const smallestOfLength = [0, 0, 0x80, 0x800, 0x1_0000]

/** @returns the code point, or -1 for a sequence that UTF-8 forbids */
function readPoint(bytes: Uint8Array, at: number, first: number, length: number): number {
  let point = first & (0x7f >> length)
  if (first < 0xc2 || first > 0xf4) return -1
  for (let index = 1; index < length; index++) {
    const next = bytes[at + index] as number
    if ((next & 0xc0) !== 0x80) return -1
    point = (point << 6) | (next & 0x3f)
  }
  const isSurrogate = point >= 0xd800 && point <= 0xdfff
  return point < (smallestOfLength[length] as number) || point > 0x10_ffff || isSurrogate ? -1 : point
}

/**
 * Writes text as UTF-8; a lone half of a surrogate pair becomes U+FFFD. `into` must have room for three bytes a character.
 * @returns where it ends
 */
export function writeUtf8(text: string, into: Uint8Array, start: number): number {
  let at = start
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) into[at++] = unit
    else if (unit < 0x800) {
      into[at++] = 0xc0 | (unit >> 6)
      into[at++] = 0x80 | (unit & 0x3f)
    } else {
      const point = text.codePointAt(index) as number
      if (point > 0xffff) {
        index++
        into[at++] = 0xf0 | (point >> 18)
        into[at++] = 0x80 | ((point >> 12) & 0x3f)
      }
      const whole = unit >= 0xd800 && unit <= 0xdfff && point <= 0xffff ? 0xfffd : point
      if (point <= 0xffff) into[at++] = 0xe0 | (whole >> 12)
      into[at++] = 0x80 | ((whole >> 6) & 0x3f)
      into[at++] = 0x80 | (whole & 0x3f)
    }
  }
  return at
}
