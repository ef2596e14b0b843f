import * as z from 'zod'
import { bundleSchema, patchBundleSchema } from './bundle.ts'
import { environmentSchema } from './environment.ts'
import { lifecycleSchema, stateSchema } from './lifecycle.ts'
import { gatewayIdSchema } from './names.ts'

export const gatewayNameSchema = z.string().trim().min(1, 'A gateway needs a name.').max(80, 'Use at most 80 characters.')
export const databaseLayoutSchema = z.enum(['separate', 'shared'])

const retention = {
  /** The newest of each function that are kept. What is served, or would be served again after a rollback, is kept besides. */
  releases: z.number().int().min(1).max(10_000),
  /** How long ended deployments are kept; those that brought a release that is still there are kept besides. */
  deploymentDays: z.number().int().min(1).max(3_650),
}
export const retentionSchema = z.object({ releases: retention.releases.default(100), deploymentDays: retention.deploymentDays.default(180) })
export type Retention = z.infer<typeof retentionSchema>
export const retentionDefault: Retention = retentionSchema.parse({})

/** How a deletion goes on. */
export const deletionSchema = z.object({
  /** When a person should look at what is left; the deletion itself is tried again for as long as it takes. */
  deadlineAt: z.iso.datetime(),
  /** The deadline has passed and something is left. */
  isOverdue: z.boolean(),
  /** What is left, in words: `environment dev on a runtime`, `MongoDB user imprun_env_hometax_dev`. */
  leftovers: z.array(z.string()),
})
export type Deletion = z.infer<typeof deletionSchema>

export const gatewaySchema = lifecycleSchema
  .extend({
    gatewayId: z.string(),
    name: z.string(),
    regionId: z.string(),
    bundle: bundleSchema,
    database: databaseLayoutSchema,
    /** While on, a release enters staging only from dev and prod only from staging. */
    pipeline: z.enum(['on', 'off']),
    retention: retentionSchema,
    environments: z.array(environmentSchema),
    /** Only while it is being deleted. */
    deletion: deletionSchema.optional(),
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
  .strictObject({
    name: gatewayNameSchema.optional(),
    state: stateSchema.exclude(['deleted']).optional(),
    pipeline: z.enum(['on', 'off']).optional(),
    retention: z.strictObject(retention).partial().optional(),
    bundle: patchBundleSchema.optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'Give at least one of name, state, pipeline, retention, bundle.')
export type PatchGateway = z.infer<typeof patchGatewaySchema>

/** `force=true`: the deletion ends without what fails, and what is left is written into the audit log. */
export const deleteGatewayQuerySchema = z.object({ force: z.enum(['true', 'false']).default('false') })
