import * as z from 'zod'
import { egressRulesPatchSchema, egressRulesSchema } from './egress-rules.ts'
import { lifecycleSchema, stateSchema } from './lifecycle.ts'
import { environmentNameSchema } from './names.ts'
import { protectionSchema } from './protection.ts'
import { runtimeSchema } from './region.ts'
import { variablesPatchSchema, variablesViewSchema } from './variable.ts'

export const authTypeSchema = z.enum(['none', 'key-auth'])
export type AuthType = z.infer<typeof authTypeSchema>

/** The longest that any function may be allowed to take. */
export const timeoutMsMax = 300_000
const mebibyte = 1024 * 1024
const limits = {
  timeoutMs: z.number().int().min(50).max(timeoutMsMax),
  memoryMb: z.number().int().min(32).max(4096),
  concurrency: z.number().int().min(1).max(1000),
  bodyBytesMax: z
    .number()
    .int()
    .min(0)
    .max(100 * mebibyte),
  /** Of a whole answer, or of all pieces of a streamed one together. */
  responseBytesMax: z
    .number()
    .int()
    .min(1024)
    .max(1024 * mebibyte),
}

/** Per-environment caps; a function's own limits can only be lower. */
export const environmentLimitsSchema = z.object({
  timeoutMs: limits.timeoutMs.default(30_000),
  memoryMb: limits.memoryMb.default(256),
  concurrency: limits.concurrency.default(100),
  bodyBytesMax: limits.bodyBytesMax.default(mebibyte),
  responseBytesMax: limits.responseBytesMax.default(32 * mebibyte),
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
    /** The runtime that serves it; absent until one was chosen. */
    runtime: runtimeSchema.omit({ url: true }).optional(),
    /** Set while a rollback holds the environment against automation. */
    held: z.object({ reason: z.string(), at: z.iso.datetime(), by: z.string() }).optional(),
    /** Set when published functions were found changed by hand, until somebody says that they have seen it. `repairedAt`: all of them are as they were deployed. */
    drifted: z.object({ at: z.iso.datetime(), functions: z.array(z.string()), repairedAt: z.iso.datetime().optional() }).optional(),
    /** Absent where nothing protects it. */
    protection: protectionSchema.optional(),
    /** The freeze that stops deployments now, and when it ends; absent `reopensAt`: not by itself. */
    frozen: z.object({ freeze: z.string(), reopensAt: z.iso.datetime().optional() }).optional(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Environment' })
export type Environment = z.infer<typeof environmentSchema>

/** An environment by itself: with its settings and variables. Lists and events leave them out. */
export const environmentDetailSchema = environmentSchema
  .extend({ limits: environmentLimitsSchema, egress: egressRulesSchema, variables: variablesViewSchema })
  .meta({ id: 'EnvironmentDetail' })
export type EnvironmentDetail = z.infer<typeof environmentDetailSchema>

/** What is not named stays as it is. Answered when every live runtime goes by it. */
export const patchEnvironmentSchema = z
  .strictObject({
    authType: authTypeSchema.optional(),
    limits: z.strictObject(limits).partial().optional(),
    egress: egressRulesPatchSchema.optional(),
    variables: variablesPatchSchema.optional(),
    /** Replaced as a whole; only owner and admins may. */
    protection: protectionSchema.optional(),
    /** Stops or starts this one environment; it stays so through stops and starts of its gateway. */
    state: stateSchema.exclude(['deleted']).optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'Give at least one of authType, limits, egress, variables, protection and state.')
export type PatchEnvironment = z.infer<typeof patchEnvironmentSchema>
