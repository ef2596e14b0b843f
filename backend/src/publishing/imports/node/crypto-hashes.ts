import { Buffer } from 'node:buffer'
import { blake2b, blake2s } from '@noble/hashes/blake2.js'
import { hmac } from '@noble/hashes/hmac.js'
import { md5, ripemd160, sha1 } from '@noble/hashes/legacy.js'
import { sha224, sha256, sha384, sha512, sha512_224, sha512_256 } from '@noble/hashes/sha2.js'
import { sha3_224, sha3_256, sha3_384, sha3_512 } from '@noble/hashes/sha3.js'
import { KeyObject } from './crypto-keys.ts'

const algorithms = {
  md5,
  ripemd160,
  rmd160: ripemd160,
  sha1,
  sha224,
  sha256,
  sha384,
  sha512,
  'sha512-224': sha512_224,
  'sha512-256': sha512_256,
  'sha3-224': sha3_224,
  'sha3-256': sha3_256,
  'sha3-384': sha3_384,
  'sha3-512': sha3_512,
  blake2b512: blake2b,
  blake2s256: blake2s,
}
type Algorithm = typeof sha256
type Running = ReturnType<Algorithm['create']>

/** @throws Error as Node does, for a name that is unknown. */
export function findAlgorithm(name: string): Algorithm {
  const plain = name.toLowerCase().replace(/^(?:rsa-)?sha-?(?=\d{3}|1$)/, 'sha')
  const found = Object.entries(algorithms).find(([known]) => known === plain)?.[1]
  if (!found) throw Object.assign(new Error('Digest method not supported'), { code: 'ERR_CRYPTO_INVALID_DIGEST' })
  return found as unknown as Algorithm
}

export function toBytes(input: string | ArrayBuffer | ArrayBufferView | KeyObject, encoding?: BufferEncoding): Uint8Array {
  if (input instanceof KeyObject) return new Uint8Array(input.export() as Buffer)
  if (typeof input === 'string') return new Uint8Array(Buffer.from(input, encoding))
  if (input instanceof ArrayBuffer) return new Uint8Array(input)
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
  throw Object.assign(new TypeError('The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView.'), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
}

/** Node's Hash and Hmac, without being streams. */
class Digester {
  #running: Running
  #isDone = false
  constructor(running: Running) {
    this.#running = running
  }
  update(data: Parameters<typeof toBytes>[0], encoding?: BufferEncoding): this {
    this.#refuseDone()
    this.#running.update(toBytes(data, encoding))
    return this
  }
  digest(encoding?: BufferEncoding | 'buffer'): Buffer | string {
    this.#refuseDone()
    this.#isDone = true
    const bytes = Buffer.from(this.#running.digest())
    return encoding === undefined || encoding === 'buffer' ? bytes : bytes.toString(encoding)
  }
  copy(): Digester {
    this.#refuseDone()
    return new Digester(this.#running.clone())
  }
  #refuseDone(): void {
    if (this.#isDone) throw Object.assign(new Error('Digest already called'), { code: 'ERR_CRYPTO_HASH_FINALIZED' })
  }
}

export const createHash = (name: string): Digester => new Digester(findAlgorithm(name).create())
export const createHmac = (name: string, key: Parameters<typeof toBytes>[0]): Digester =>
  new Digester(hmac.create(findAlgorithm(name), toBytes(key)) as unknown as Running)
export const hash = (name: string, data: Parameters<typeof toBytes>[0], encoding: BufferEncoding | 'buffer' = 'hex'): Buffer | string =>
  createHash(name).update(data).digest(encoding)
