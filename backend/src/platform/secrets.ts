import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'

/** Everything secret follows from one key, so nothing secret is stored in the database and every step that needs one can be repeated. */
export interface Secrets {
  /** HMAC-SHA256 of the purpose (`mongodb-user:<name>`, say), hex. The same on every start with the same key. */
  deriveSecret(purpose: string): string
  /** AES-256-GCM under a key derived for `purpose`. */
  seal(purpose: string, text: string): Buffer
  /** @throws when the sealed text was changed, or sealed for another purpose or with another key. */
  unseal(purpose: string, sealed: Uint8Array): string
}

const ivBytes = 12
const tagBytes = 16

/** @param key the bytes of `secret.key`. */
export function createSecrets(key: Uint8Array): Secrets {
  const derive = (purpose: string) => createHmac('sha256', key).update(purpose).digest()
  return {
    deriveSecret: (purpose) => derive(purpose).toString('hex'),
    seal(purpose, text) {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', derive(`seal:${purpose}`), iv)
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), body])
    },
    unseal(purpose, sealed) {
      const bytes = Buffer.from(sealed)
      const decipher = createDecipheriv('aes-256-gcm', derive(`seal:${purpose}`), bytes.subarray(0, ivBytes))
      decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
      return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString('utf8')
    },
  }
}

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')
