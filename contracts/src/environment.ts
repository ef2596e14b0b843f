import { z } from 'zod'
import { lifecycleSchema } from './lifecycle.ts'
import { environmentNameSchema } from './names.ts'

export const authTypeSchema = z.enum(['none', 'key-auth'])
export type AuthType = z.infer<typeof authTypeSchema>

/** Per-environment caps; a function's own limits can only be lower. */
export const environmentLimitsSchema = z.object({
  timeoutMs: z.number().int().min(50).max(300_000).default(30_000),
  memoryMb: z.number().int().min(32).max(4096).default(256),
  concurrency: z.number().int().min(1).max(1000).default(100),
  bodyBytesMax: z
    .number()
    .int()
    .min(0)
    .max(100 * 1024 * 1024)
    .default(1024 * 1024),
})
export type EnvironmentLimits = z.infer<typeof environmentLimitsSchema>
export const environmentLimitsDefault: EnvironmentLimits = environmentLimitsSchema.parse({})

export const environmentSchema = lifecycleSchema
  .extend({
    gatewayId: z.string(),
    name: environmentNameSchema,
    authType: authTypeSchema,
    /** Base address of its functions by host, for example `http://hometax.dev.localhost:7421`. */
    url: z.string(),
    /** The same by path, where no wildcard DNS exists: `http://localhost:7421/hometax/dev`. */
    pathUrl: z.string(),
    /** Set while a rollback holds the environment against automation. */
    held: z.object({ reason: z.string(), at: z.iso.datetime(), by: z.string() }).optional(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Environment' })
export type Environment = z.infer<typeof environmentSchema>

export const patchEnvironmentSchema = z
  .strictObject({ authType: authTypeSchema.optional() })
  .refine((patch) => Object.keys(patch).length > 0, 'Give at least authType.')
export type PatchEnvironment = z.infer<typeof patchEnvironmentSchema>
