/** What a key is made of. It stays inside the isolate; the host is handed it with each piece of work and keeps nothing. */
export interface KeyMaterial {
  readonly format: 'raw' | 'pkcs8' | 'spki' | 'jwk'
  /** base64, or the JWK's text. */
  readonly data: string
}

/** For `crypto.subtle`. */
export let materialOf: (key: CryptoKey) => KeyMaterial
export let createKey: (facts: { type: KeyType; extractable: boolean; algorithm: unknown; usages: readonly string[] }, material: KeyMaterial) => CryptoKey

export type KeyType = 'secret' | 'public' | 'private'
const token = {}

export class CryptoKey {
  readonly #material: KeyMaterial
  readonly type: KeyType
  readonly extractable: boolean
  readonly algorithm: unknown
  readonly usages: readonly string[]

  static {
    materialOf = (key) => key.#material
    createKey = (facts, material) => new CryptoKey(token, facts, material)
  }
  constructor(proof: unknown, { type, extractable, algorithm, usages }: Parameters<typeof createKey>[0], material: KeyMaterial) {
    if (proof !== token) throw new TypeError('A CryptoKey is made by crypto.subtle.importKey or generateKey.')
    this.#material = material
    this.type = type
    this.extractable = extractable
    this.algorithm = algorithm
    this.usages = usages
  }
  get [Symbol.toStringTag](): string {
    return 'CryptoKey'
  }
}
