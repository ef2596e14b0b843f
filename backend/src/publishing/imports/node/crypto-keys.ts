import { Buffer } from 'node:buffer'

/** Node's KeyObject for a secret; of key pairs there are none. */
export class KeyObject {
  readonly type = 'secret'
  readonly #bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }
  get symmetricKeySize(): number {
    return this.#bytes.length
  }
  export(options: { format?: string } = {}): Buffer | { kty: string; k: string } {
    const bytes = Buffer.from(this.#bytes)
    return options.format === 'jwk' ? { kty: 'oct', k: bytes.toString('base64url') } : bytes
  }
  equals(other: KeyObject): boolean {
    return Buffer.from(this.#bytes).equals(other.#bytes)
  }
}

export const createSecretKey = (key: string | Uint8Array, encoding?: BufferEncoding): KeyObject =>
  new KeyObject(new Uint8Array(typeof key === 'string' ? Buffer.from(key, encoding) : key))
