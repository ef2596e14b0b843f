import * as z from 'zod'
import { environmentNameSchema } from '../names.ts'

/** `__credentials`: one per key. A revoked one stays as a tombstone, so that a re-read by revision sees it. */
export const storedCredentialSchema = z.object({
  credentialId: z.string(),
  grantId: z.string(),
  applicationId: z.string(),
  applicationName: z.string(),
  environment: environmentNameSchema,
  revision: z.number().int(),
  /** sha256 of the whole key, base64. The key has 178 random bits, so it needs no salt. */
  hash: z.string(),
  state: z.enum(['active', 'revoked']),
  expiresAt: z.date().optional(),
})
export type StoredCredential = z.infer<typeof storedCredentialSchema>
