import { createCipheriv, randomBytes } from 'node:crypto'
import { type EnvironmentName, sealedSecretContext } from '@imprun/contracts'
import { type Secrets, sha256Hex } from '../platform/secrets.ts'

/**
 * Seals secret variables for both databases. The key follows from the installation's and the gateway's id, so no database has it; runtimes are handed it with
 * their assignment. Each value names the key it was sealed with: a runtime that is given several keys opens old and new values.
 */
export interface SecretSealer {
  seal(gatewayId: string, environment: EnvironmentName, name: string, text: string): string
  /** By key id, hex. Never log it. */
  keysOf(gatewayId: string): Record<string, string>
}

const ivBytes = 12

export function createSecretSealer(secrets: Pick<Secrets, 'deriveSecret'>): SecretSealer {
  const keyOf = (gatewayId: string) => secrets.deriveSecret(`variables:${gatewayId}`)
  const idOf = (key: string) => sha256Hex(key).slice(0, 8)
  return {
    seal(gatewayId, environment, name, text) {
      const key = keyOf(gatewayId)
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', Buffer.from(key, 'hex'), iv)
      cipher.setAAD(Buffer.from(sealedSecretContext(gatewayId, environment, name)))
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return ['v1', idOf(key), ...[iv, cipher.getAuthTag(), sealed].map((bytes) => bytes.toString('base64url'))].join('.')
    },
    keysOf(gatewayId) {
      const key = keyOf(gatewayId)
      return { [idOf(key)]: key }
    },
  }
}

/** How long the sealed text is, in bytes of UTF-8. */
export const sealedBytes = (sealed: string): number => Buffer.byteLength(sealed.slice(sealed.lastIndexOf('.') + 1), 'base64url')
