import { z } from 'zod'
import { environmentSchema } from './environment.ts'
import { lifecycleSchema, stateSchema } from './lifecycle.ts'
import { gatewayIdSchema } from './names.ts'

export const gatewayNameSchema = z.string().trim().min(1, 'A gateway needs a name.').max(80, 'Use at most 80 characters.')
export const bundleSchema = z.object({
  runtime: z.string().max(40).default('nodejs24'),
  memory: z
    .string()
    .regex(/^\d+(Mi|Gi)$/, 'Use a number with Mi or Gi, for example "512Mi".')
    .default('512Mi'),
  cpu: z
    .string()
    .regex(/^\d+m?$/, 'Use millicores such as "500m" or whole cores such as "1".')
    .default('500m'),
})
export const databaseLayoutSchema = z.enum(['separate', 'shared'])

export const gatewaySchema = lifecycleSchema
  .extend({
    gatewayId: z.string(),
    name: z.string(),
    regionId: z.string(),
    bundle: bundleSchema,
    database: databaseLayoutSchema,
    /** While on, a release enters staging only from dev and prod only from staging. */
    pipeline: z.enum(['on', 'off']),
    environments: z.array(environmentSchema),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Gateway' })
export type Gateway = z.infer<typeof gatewaySchema>

export const createGatewaySchema = z.strictObject({
  name: gatewayNameSchema,
  /** Taken from the name when absent. */
  gatewayId: gatewayIdSchema.optional(),
  regionId: z.string().max(60).optional(),
  bundle: bundleSchema.optional(),
  database: databaseLayoutSchema.default('separate'),
})
export type CreateGateway = z.infer<typeof createGatewaySchema>

export const patchGatewaySchema = z
  .strictObject({ name: gatewayNameSchema.optional(), state: stateSchema.exclude(['deleted']).optional(), pipeline: z.enum(['on', 'off']).optional() })
  .refine((patch) => Object.keys(patch).length > 0, 'Give at least one of name, state, pipeline.')
export type PatchGateway = z.infer<typeof patchGatewaySchema>
