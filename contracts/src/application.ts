import * as z from 'zod'
import { applicationNameLengthMax, environmentNameSchema } from './names.ts'

export const createApplicationSchema = z.strictObject({
  name: z.string().trim().min(1, 'An application needs a name.').max(applicationNameLengthMax, `Use at most ${applicationNameLengthMax} characters.`),
  description: z.string().max(500).default(''),
  organization: z.string().max(120).default(''),
})
export type CreateApplication = z.infer<typeof createApplicationSchema>

export const credentialStates = ['active', 'revoked'] as const
export const grantSchema = z
  .object({
    grantId: z.string(),
    applicationId: z.string(),
    gatewayId: z.string(),
    environment: environmentNameSchema,
    credentialId: z.string(),
    /** Shown in place of the key: prefix and last four characters, for example `imp_dev_…a1b2`. */
    keyHint: z.string(),
    state: z.enum(credentialStates),
    createdAt: z.iso.datetime(),
    createdBy: z.string(),
    revokedAt: z.iso.datetime().optional(),
  })
  .meta({ id: 'Grant' })
export type Grant = z.infer<typeof grantSchema>

export const applicationSchema = z
  .object({
    applicationId: z.string(),
    name: z.string(),
    description: z.string(),
    organization: z.string(),
    createdAt: z.iso.datetime(),
    grants: z.array(grantSchema),
  })
  .meta({ id: 'Application' })
export type Application = z.infer<typeof applicationSchema>

export const createGrantSchema = z.strictObject({ applicationId: z.string(), gatewayId: z.string(), environment: environmentNameSchema })
export type CreateGrant = z.infer<typeof createGrantSchema>

/** The only answer that ever carries the key. */
export const newGrantSchema = grantSchema
  .extend({ apiKey: z.string(), credentialReference: z.object({ credentialId: z.string(), header: z.literal('apikey') }) })
  .meta({ id: 'NewGrant' })
export type NewGrant = z.infer<typeof newGrantSchema>
