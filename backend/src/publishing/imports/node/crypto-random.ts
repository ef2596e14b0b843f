import { Buffer } from 'node:buffer'

/** What one call of getRandomValues gives. */
const chunkBytesMax = 65_536

export function randomFillSync<T extends Uint8Array>(target: T): T {
  for (let start = 0; start < target.length; start += chunkBytesMax) crypto.getRandomValues(target.subarray(start, start + chunkBytesMax) as never)
  return target
}

export function randomBytes(size: number, done?: (error: unknown, bytes: Buffer) => void): Buffer | undefined {
  const bytes = randomFillSync(Buffer.alloc(size))
  if (done === undefined) return bytes
  queueMicrotask(() => done(null, bytes))
  return undefined
}

/** @returns a whole number from `min` (0 when only one is given) up to, not including, `max`. */
export function randomInt(from: number, to?: number | ((error: unknown, value: number) => void), callback?: (error: unknown, value: number) => void) {
  const [min, max] = typeof to === 'number' ? [from, to] : [0, from]
  const done = typeof to === 'function' ? to : callback
  const value = min + belowOf(max - min)
  if (done === undefined) return value
  queueMicrotask(() => done(null, value))
  return undefined
}

const numbers48 = 2 ** 48

/** Draws again what would make small numbers likelier than others. */
function belowOf(range: number): number {
  if (!Number.isSafeInteger(range) || range <= 0 || range > numbers48) throw new RangeError('The value of "max" is out of range.')
  const limit = numbers48 - (numbers48 % range)
  for (;;) {
    const drawn = randomFillSync(Buffer.alloc(6)).readUIntBE(0, 6)
    if (drawn < limit) return drawn % range
  }
}

export function timingSafeEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.byteLength !== other.byteLength)
    throw Object.assign(new RangeError('Input buffers must have the same byte length'), { code: 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH' })
  let difference = 0
  for (let index = 0; index < one.length; index++) difference |= (one[index] ?? 0) ^ (other[index] ?? 0)
  return difference === 0
}
