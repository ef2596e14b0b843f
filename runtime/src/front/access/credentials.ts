import { hash } from 'node:crypto'
import type { StoredCredential } from '@imprun/contracts'

/** What the front keeps of one key: whose it is, and whether it still opens. */
export interface Credential {
  readonly id: string
  /** As it travels in a call's meta lines: URI-encoded, so that it is ASCII and holds no line break. */
  readonly applicationName: string
  readonly revision: number
  readonly isActive: boolean
  readonly expiresAtMs: number
}

/** The keys of one environment. A revoked one stays as a mark, so that an older document read late can not revive it. */
export class Credentials {
  #byHash: Map<string, Credential> | undefined

  /** @returns false when a newer or the same revision of this key is already known */
  apply(stored: StoredCredential): boolean {
    this.#byHash ??= new Map()
    const known = this.#byHash.get(stored.hash)
    if (known !== undefined && known.revision >= stored.revision) return false
    this.#byHash.set(stored.hash, {
      id: stored.credentialId,
      applicationName: encodeURIComponent(stored.applicationName),
      revision: stored.revision,
      isActive: stored.state === 'active',
      expiresAtMs: stored.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY,
    })
    return true
  }
  /** The credential of a key that opens now. Missing, malformed, unknown, revoked and expired look the same. */
  find(key: string | undefined, nowMs: number): Credential | undefined {
    if (key === undefined || key === '') return undefined
    // The key is hashed at every request on purpose: a cache by raw key would keep keys in memory and outlive a revocation.
    const credential = this.#byHash?.get(hash('sha256', key, 'base64'))
    return credential?.isActive === true && credential.expiresAtMs > nowMs ? credential : undefined
  }
  get size(): number {
    return this.#byHash?.size ?? 0
  }
}
