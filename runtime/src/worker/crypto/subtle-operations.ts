import { webcrypto } from 'node:crypto'
import type { Key, Work } from './subtle-work.ts'

const { subtle } = webcrypto

type MakingWork = Extract<Work, { operation: 'deriveKey' | 'unwrapKey' }>

/** @returns bytes, or text of what is told as JSON @throws DOMException or TypeError of the platform */
export async function runSubtle(work: Work, data: Uint8Array<ArrayBuffer>): Promise<Uint8Array | string> {
  switch (work.operation) {
    case 'digest':
      return new Uint8Array(await subtle.digest(work.algorithm, data))
    case 'sign':
    case 'encrypt':
    case 'decrypt':
      return new Uint8Array(await subtle[work.operation](work.algorithm as webcrypto.AesGcmParams, await importKey(work.key), data))
    case 'verify':
      return String(await subtle.verify(work.algorithm, await importKey(work.key), Buffer.from(work.signature, 'base64'), data))
    case 'deriveBits':
      return new Uint8Array(await deriveBits(work, work.length))
    case 'wrapKey':
      return new Uint8Array(await subtle.wrapKey(work.format, await importKey(work.wrapped), await importKey(work.key), work.algorithm))
    case 'exportKey':
      return JSON.stringify(await exportAs(work.format, await importKey(work.key)))
    default:
      return JSON.stringify(await makeKeys(work, data))
  }
}

/** @returns each with its material */
async function makeKeys(work: Extract<Work, { operation: 'importKey' | 'generateKey' | 'deriveKey' | 'unwrapKey' }>, data: Uint8Array<ArrayBuffer>) {
  switch (work.operation) {
    case 'importKey':
      return [describe(await importKey(work.key, work.isExtractable), work.key)]
    case 'generateKey': {
      const made = (await subtle.generateKey(work.algorithm as webcrypto.EcKeyGenParams, true, work.usages)) as webcrypto.CryptoKey | webcrypto.CryptoKeyPair
      return Promise.all(('publicKey' in made ? [made.publicKey, made.privateKey] : [made]).map(describeMade))
    }
    case 'deriveKey':
      return [isForDerivation(work.keyAlgorithm) ? await forDerivation(work, await deriveBits(work, null)) : await describeMade(await deriveKey(work))]
    case 'unwrapKey':
      return [isForDerivation(work.keyAlgorithm) ? await forDerivation(work, await unwrapBits(work, data)) : await describeMade(await unwrapKey(work, data))]
  }
}

async function deriveBits(work: Extract<Work, { operation: 'deriveBits' | 'deriveKey' }>, length: number | null): Promise<ArrayBuffer> {
  return subtle.deriveBits(await withPublicKey(work), await importKey({ ...work.key, usages: ['deriveBits'] }), length as number)
}
async function deriveKey({ key, keyAlgorithm, usages, ...work }: Extract<Work, { operation: 'deriveKey' }>): Promise<webcrypto.CryptoKey> {
  return subtle.deriveKey(await withPublicKey(work), await importKey(key), keyAlgorithm as webcrypto.HmacImportParams, true, usages)
}
async function unwrapKey(work: Extract<Work, { operation: 'unwrapKey' }>, data: Uint8Array<ArrayBuffer>): Promise<webcrypto.CryptoKey> {
  const { format, key, algorithm, keyAlgorithm, usages } = work
  return subtle.unwrapKey(format, data, await importKey(key), algorithm, keyAlgorithm as webcrypto.HmacImportParams, true, usages)
}
/** As a key of another kind, because one for derivation could not be taken out again. */
async function unwrapBits(work: Extract<Work, { operation: 'unwrapKey' }>, data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const made = await unwrapKey({ ...work, keyAlgorithm: { name: 'HMAC', hash: 'SHA-256' }, usages: ['sign'] }, data)
  return (await subtle.exportKey('raw', made)) as ArrayBuffer
}
async function forDerivation({ keyAlgorithm, isExtractable, usages }: Pick<MakingWork, 'keyAlgorithm' | 'isExtractable' | 'usages'>, bits: ArrayBuffer) {
  const key: Key = { format: 'raw', data: Buffer.from(bits).toString('base64'), algorithm: keyAlgorithm, usages }
  return describe(await importKey(key, isExtractable), key)
}
/** For the algorithms in which two parties agree on a secret. */
async function withPublicKey({ algorithm }: Pick<MakingWork, 'algorithm'>): Promise<webcrypto.EcdhKeyDeriveParams> {
  const { public: other, ...rest } = algorithm
  return (other === undefined ? rest : { ...rest, public: await importKey(other) }) as webcrypto.EcdhKeyDeriveParams
}

/** @param isExtractable as the guest sees to it, unless it is told here */
function importKey(key: Key, isExtractable = !isForDerivation(key.algorithm)): Promise<webcrypto.CryptoKey> {
  const algorithm = key.algorithm as webcrypto.HmacImportParams
  if (key.format === 'jwk') return subtle.importKey('jwk', JSON.parse(key.data) as webcrypto.JsonWebKey, algorithm, isExtractable, key.usages)
  return subtle.importKey(key.format, Buffer.from(key.data, 'base64'), algorithm, isExtractable, key.usages)
}
/** Those may not be extractable; there is nothing to take out of them here anyway. */
const isForDerivation = ({ name }: Key['algorithm']): boolean => ['PBKDF2', 'HKDF'].includes(name.toUpperCase())

async function exportAs(wanted: Key['format'], key: webcrypto.CryptoKey): Promise<{ format: Key['format']; data: string }> {
  if (wanted === 'jwk') return { format: 'jwk', data: JSON.stringify(await subtle.exportKey('jwk', key)) }
  return { format: wanted, data: Buffer.from((await subtle.exportKey(wanted, key)) as ArrayBuffer).toString('base64') }
}
async function describeMade(key: webcrypto.CryptoKey): Promise<unknown> {
  return describe(key, await exportAs(key.type === 'secret' ? 'raw' : key.type === 'public' ? 'spki' : 'pkcs8', key))
}
const describe = ({ type, algorithm, usages }: webcrypto.CryptoKey, { format, data }: Pick<Key, 'format' | 'data'>): unknown => ({
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
