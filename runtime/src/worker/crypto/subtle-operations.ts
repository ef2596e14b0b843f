import { webcrypto } from 'node:crypto'
import { z } from 'zod'

/** Work for which an author could keep a thread busy for long is bounded by its parameters. */
const iterationsMax = 1_000_000
const modulusBitsMax = 4096
const derivedBitsMax = 8192

const base64 = z.base64()
const bytes = z.strictObject({ bytes: base64 }).transform(({ bytes: text }) => new Uint8Array(Buffer.from(text, 'base64')))
const format = z.enum(['raw', 'pkcs8', 'spki', 'jwk'])
const usages = z.array(z.enum(['encrypt', 'decrypt', 'sign', 'verify', 'deriveBits', 'deriveKey', 'wrapKey', 'unwrapKey'])).max(8)
/** Which of these a name needs, and of what size, is the platform's own check. */
const algorithm = z.object({
  name: z.string().max(40),
  hash: z.string().max(20).optional(),
  namedCurve: z.string().max(20).optional(),
  iv: bytes.optional(),
  counter: bytes.optional(),
  additionalData: bytes.optional(),
  salt: bytes.optional(),
  info: bytes.optional(),
  label: bytes.optional(),
  publicExponent: bytes.optional(),
  tagLength: z.number().int().optional(),
  saltLength: z.number().int().nonnegative().max(1024).optional(),
  length: z.number().int().nonnegative().max(derivedBitsMax).optional(),
  iterations: z.number().int().positive().max(iterationsMax).optional(),
  modulusLength: z.number().int().positive().max(modulusBitsMax).optional(),
})
const key = z.strictObject({ format, data: z.string(), algorithm, usages })
/** SubtleWork (bridge.ts), as it comes from the guest. */
export const subtleWorkSchema = z.discriminatedUnion('operation', [
  z.strictObject({ operation: z.literal('digest'), algorithm }),
  z.strictObject({ operation: z.enum(['sign', 'encrypt', 'decrypt']), algorithm, key }),
  z.strictObject({ operation: z.literal('verify'), algorithm, key, signature: base64 }),
  z.strictObject({ operation: z.literal('deriveBits'), algorithm, key, length: z.number().int().positive().max(derivedBitsMax) }),
  z.strictObject({ operation: z.literal('importKey'), algorithm, key }),
  z.strictObject({ operation: z.literal('generateKey'), algorithm, usages }),
  z.strictObject({ operation: z.literal('exportKey'), algorithm, key, format }),
])
type Work = z.infer<typeof subtleWorkSchema>
type Key = z.infer<typeof key>

const { subtle } = webcrypto

/** @returns bytes, or text of what is told as JSON @throws DOMException or TypeError of the platform */
export async function runSubtle(work: Work, data: Uint8Array<ArrayBuffer>): Promise<Uint8Array | string> {
  const algorithm = work.algorithm as unknown as webcrypto.AlgorithmIdentifier
  switch (work.operation) {
    case 'digest':
      return new Uint8Array(await subtle.digest(algorithm, data))
    case 'sign':
    case 'encrypt':
    case 'decrypt':
      return new Uint8Array(await subtle[work.operation](algorithm as webcrypto.AesGcmParams, await importKey(work.key), data))
    case 'verify':
      return String(await subtle.verify(algorithm, await importKey(work.key), Buffer.from(work.signature, 'base64'), data))
    case 'deriveBits':
      return new Uint8Array(await subtle.deriveBits(algorithm as webcrypto.Pbkdf2Params, await importKey(work.key), work.length))
    case 'importKey':
      return JSON.stringify([describe(await importKey(work.key), work.key)])
    case 'generateKey':
      return JSON.stringify(await generate(algorithm, work.usages))
    case 'exportKey':
      return JSON.stringify(await exportAs(work.format, await importKey(work.key)))
  }
}

function importKey(key: Key): Promise<webcrypto.CryptoKey> {
  const algorithm = key.algorithm as unknown as webcrypto.HmacImportParams
  // Keys that bits are derived from may not be extractable; there is nothing to take out of them here anyway.
  const isExtractable = key.algorithm.name.toUpperCase() !== 'PBKDF2' && key.algorithm.name.toUpperCase() !== 'HKDF'
  if (key.format === 'jwk') return subtle.importKey('jwk', JSON.parse(key.data) as webcrypto.JsonWebKey, algorithm, isExtractable, key.usages)
  return subtle.importKey(key.format, Buffer.from(key.data, 'base64'), algorithm, isExtractable, key.usages)
}

async function exportAs(wanted: Key['format'], key: webcrypto.CryptoKey): Promise<{ format: Key['format']; data: string }> {
  if (wanted === 'jwk') return { format: 'jwk', data: JSON.stringify(await subtle.exportKey('jwk', key)) }
  return { format: wanted, data: Buffer.from((await subtle.exportKey(wanted, key)) as ArrayBuffer).toString('base64') }
}

const describe = ({ type, algorithm, usages }: webcrypto.CryptoKey, { format, data }: { format: Key['format']; data: string }): unknown => ({
  ...{ type, algorithm: toPlain(algorithm), usages },
  material: { format, data },
})
/** What the guest can hand back. */
const toPlain = (algorithm: object): unknown =>
  Object.fromEntries(
    Object.entries(algorithm).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : name === 'hash' ? (value as { name: string }).name : value,
    ]),
  )

async function generate(algorithm: webcrypto.AlgorithmIdentifier, usages: Key['usages']): Promise<unknown[]> {
  const made = (await subtle.generateKey(algorithm as webcrypto.EcKeyGenParams, true, usages)) as webcrypto.CryptoKey | webcrypto.CryptoKeyPair
  if (!('publicKey' in made)) return [describe(made, await exportAs('raw', made))]
  const { publicKey, privateKey } = made
  return [describe(publicKey, await exportAs('spki', publicKey)), describe(privateKey, await exportAs('pkcs8', privateKey))]
}
