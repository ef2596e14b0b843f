import { createCipheriv, randomBytes } from 'node:crypto'
import { type EnvironmentName, sealedSecretContext } from '@imprun/contracts'
import { type Secrets, sha256Hex } from '../platform/secrets.ts'

/**
 * Seals secret variables for both databases. The key follows from the installation's and the gateway's id, so no database has it; runtimes are handed it with
 * their assignment. Each value names the key it was sealed with: a runtime that is given several keys opens old and new values.
 */
export interface SecretSealer {
  /** @param kept a sealed value of the same variable: it is returned as it is when it is this text under the present key, so that equal can be told from new */
  seal(gatewayId: string, environment: EnvironmentName, name: string, text: string, kept?: string): string
  /** By key id, hex. Never log it. */
  keysOf(gatewayId: string): Record<string, string>
}

const ivBytes = 12

export function createSecretSealer(secrets: Pick<Secrets, 'deriveSecret'>): SecretSealer {
  const keyOf = (gatewayId: string) => secrets.deriveSecret(`variables:${gatewayId}`)
  const idOf = (key: string) => sha256Hex(key).slice(0, 8)
  return {
    seal(gatewayId, environment, name, text, kept = '') {
      const key = keyOf(gatewayId)
      const sealWith = (iv: Buffer) => {
        const cipher = createCipheriv('aes-256-gcm', Buffer.from(key, 'hex'), iv)
        cipher.setAAD(Buffer.from(sealedSecretContext(gatewayId, environment, name)))
        const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
        return ['v1', idOf(key), ...[iv, cipher.getAuthTag(), sealed].map((bytes) => bytes.toString('base64url'))].join('.')
      }
      const [, , usedIv = ''] = kept.split('.')
      // What does not come out equal is thrown away here: no two texts are ever kept or told that were sealed with one vector.
      return usedIv !== '' && sealWith(Buffer.from(usedIv, 'base64url')) === kept ? kept : sealWith(randomBytes(ivBytes))
    },
    keysOf(gatewayId) {
      const key = keyOf(gatewayId)
      return { [idOf(key)]: key }
    },
  }
}

/** How long the sealed text is, in bytes of UTF-8. */
export const sealedBytes = (sealed: string): number => Buffer.byteLength(sealed.slice(sealed.lastIndexOf('.') + 1), 'base64url')
