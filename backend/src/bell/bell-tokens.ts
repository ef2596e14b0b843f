import { timingSafeEqual } from 'node:crypto'
import { type Secrets, sha256Hex } from '../platform/secrets.ts'

/** What lets a runtime listen: derived, so that every replica knows it and nobody stores it. */
export interface BellTokens {
  /** @param scope a gateway's id, or `*` for a runtime that serves all of them. */
  issue(scope: string): string
  /** @returns the scope, or undefined for a token that is not ours. */
  check(token: string): string | undefined
}

export function createBellTokens(secrets: Pick<Secrets, 'deriveSecret'>): BellTokens {
  const issue = (scope: string) => `${scope}.${secrets.deriveSecret(`bell:${scope}`)}`
  return {
    issue,
    check(token) {
      const scope = token.slice(0, token.lastIndexOf('.'))
      // Of digests, because only texts of one length can be compared in the same time.
      return timingSafeEqual(Buffer.from(sha256Hex(token)), Buffer.from(sha256Hex(issue(scope)))) ? scope : undefined
    },
  }
}
