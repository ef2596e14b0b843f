import * as z from 'zod'

export const accountSchema = z.object({ userId: z.string(), name: z.string(), isAdmin: z.boolean().optional() }).meta({ id: 'Account' })
export type Account = z.infer<typeof accountSchema>

/** `person`: somebody works with it. `service`: a program does, which a rollback's hold stops. */
export const tokenKinds = ['person', 'service'] as const
export const createAccessTokenSchema = z.strictObject({ name: z.string().trim().min(1).max(80), kind: z.enum(tokenKinds).default('service') })
export const accessTokenSchema = z
  .object({ tokenId: z.string(), name: z.string(), kind: z.enum(tokenKinds), createdAt: z.iso.datetime() })
  .meta({ id: 'AccessToken' })
export type AccessToken = z.infer<typeof accessTokenSchema>
export const newAccessTokenSchema = accessTokenSchema.extend({ token: z.string() }).meta({ id: 'NewAccessToken' })

/** A person of this installation. */
export const userSchema = z.object({ userId: z.string(), name: z.string(), isAdmin: z.boolean(), createdAt: z.iso.datetime() }).meta({ id: 'User' })
export type User = z.infer<typeof userSchema>
export const createUserSchema = z.strictObject({ name: z.string().trim().min(1, 'A person needs a name.').max(80) })
/** The only answer that ever carries the person's first access token. */
export const newUserSchema = z.object({ userId: z.string(), name: z.string(), token: z.string() }).meta({ id: 'NewUser' })

/** IMPRUN_HOME/connection.json: how tools on the same machine find and enter a running backend. */
export const connectionSchema = z.object({ apiUrl: z.url(), edgeUrl: z.url(), token: z.string().min(1), pid: z.number().int().positive() })
export type Connection = z.infer<typeof connectionSchema>
