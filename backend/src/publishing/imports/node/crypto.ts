import { Buffer } from 'node:buffer'
import { hkdf } from '@noble/hashes/hkdf.js'
import { pbkdf2 } from '@noble/hashes/pbkdf2.js'
import { scrypt } from '@noble/hashes/scrypt.js'
import { createHash, createHmac, findAlgorithm, hash, toBytes } from './crypto-hashes.ts'
import { createSecretKey, KeyObject } from './crypto-keys.ts'
import { randomBytes, randomFillSync, randomInt, timingSafeEqual } from './crypto-random.ts'

const webcrypto = globalThis.crypto
type Input = Parameters<typeof toBytes>[0]

const instead = (name: string) => (): never => {
  throw new Error(`crypto.${name} is not there: use crypto.subtle, which encrypts (AES-GCM), signs (HMAC) and digests.`)
}
const ciphers = [
  'createCipheriv',
  'createDecipheriv',
  'createPrivateKey',
  'createPublicKey',
  'createSign',
  'createVerify',
  'sign',
  'verify',
  'generateKeyPair',
  'generateKeyPairSync',
  'createDiffieHellman',
  'createECDH',
  'publicEncrypt',
  'privateDecrypt',
]

const pbkdf2Sync = (password: Input, salt: Input, iterations: number, length: number, digest: string) =>
  Buffer.from(pbkdf2(findAlgorithm(digest), toBytes(password), toBytes(salt), { c: iterations, dkLen: length }))
interface ScryptCost {
  N?: number
  r?: number
  p?: number
  cost?: number
  blockSize?: number
  parallelization?: number
}
const scryptSync = (password: Input, salt: Input, length: number, { N, r, p, cost, blockSize, parallelization }: ScryptCost = {}) =>
  Buffer.from(scrypt(toBytes(password), toBytes(salt), { N: cost ?? N ?? 16_384, r: blockSize ?? r ?? 8, p: parallelization ?? p ?? 1, dkLen: length }))
const hkdfSync = (digest: string, key: Input, salt: Input, info: Input, length: number) =>
  new Uint8Array(hkdf(findAlgorithm(digest), toBytes(key), toBytes(salt), toBytes(info), length)).buffer

type Done = (error: unknown, value?: unknown) => void
/** There is one thread: the work is done at once, and only told later. */
const later =
  (work: (...values: never[]) => unknown) =>
  (...values: unknown[]): void => {
    const done = values.pop() as Done
    queueMicrotask(() => {
      let value: unknown
      try {
        value = work(...(values as never[]))
      } catch (error) {
        return done(error)
      }
      done(null, value)
    })
  }

export const nodeModule = {
  createHash,
  createHmac,
  createSecretKey,
  KeyObject,
  hash,
  getHashes: () => [
    'md5',
    'ripemd160',
    'sha1',
    'sha224',
    'sha256',
    'sha384',
    'sha512',
    'sha512-224',
    'sha512-256',
    'sha3-224',
    'sha3-256',
    'sha3-384',
    'sha3-512',
    'blake2b512',
    'blake2s256',
  ],
  randomBytes,
  randomFillSync,
  randomInt,
  randomUUID: () => webcrypto.randomUUID(),
  timingSafeEqual,
  pbkdf2Sync,
  pbkdf2: later(pbkdf2Sync),
  scryptSync,
  scrypt: later(scryptSync),
  hkdfSync,
  hkdf: later(hkdfSync),
  webcrypto,
  subtle: webcrypto.subtle,
  getRandomValues: <T extends Uint8Array>(array: T): T => webcrypto.getRandomValues(array as never) as T,
  constants: {},
  ...Object.fromEntries(ciphers.map((name) => [name, instead(name)])),
}
