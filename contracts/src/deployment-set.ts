import * as z from 'zod'
import { deploymentSchema, deploymentStatuses } from './deployment.ts'
import { inputFaultSchema } from './errors.ts'
import { environmentNameSchema, functionNameSchema } from './names.ts'

/** More at once would hold the gateway's revision for too long. */
export const setFunctionsMax = 500

/** Deployments that are written together and then all served, or all taken back. */
export const deploymentSetSchema = z
  .object({
    setId: z.string(),
    gatewayId: z.string(),
    environment: environmentNameSchema,
    from: environmentNameSchema,
    /** What all of them have in common. */
    status: z.enum(deploymentStatuses),
    /** From request received to all served by every live runtime, in milliseconds; set with SUCCESS. */
    liveMs: z.number().optional(),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().optional(),
    by: z.string(),
    /** One for each function, by name. */
    deployments: z.array(deploymentSchema),
  })
  .meta({ id: 'DeploymentSet' })
export type DeploymentSet = z.infer<typeof deploymentSetSchema>

export const promoteEnvironmentSchema = z.strictObject({
  from: environmentNameSchema,
  /** Only these; absent: every function that differs. */
  functions: z.array(functionNameSchema).min(1).max(setFunctionsMax).optional(),
  /** Also take out what `from` does not serve. */
  includeRemovals: z.boolean().default(false),
})
export type PromoteEnvironment = z.infer<typeof promoteEnvironmentSchema>

export const planPromotionQuerySchema = z.object({
  from: environmentNameSchema,
  /** Whether the refusals are those of a promotion with its removals; the functions that only the target serves are listed either way. */
  includeRemovals: z.enum(['true', 'false']).default('false'),
})

const plannedReleaseSchema = z.object({ releaseId: z.string(), version: z.string(), at: z.iso.datetime(), by: z.string() })

export const plannedChanges = ['added', 'changed', 'removed', 'same'] as const
export const plannedFunctionSchema = z.object({
  functionId: z.string(),
  name: z.string(),
  change: z.enum(plannedChanges),
  /** What the source serves; absent for `removed`. */
  from: plannedReleaseSchema.optional(),
  /** What the target serves; absent for `added`. */
  to: plannedReleaseSchema.optional(),
})
export type PlannedFunction = z.infer<typeof plannedFunctionSchema>

/** Why the set would be refused. Without a name it is about the whole environment. */
export const plannedRefusalSchema = z.object({
  functionName: z.string().optional(),
  code: z.string(),
  detail: z.string(),
  errors: z.array(inputFaultSchema).optional(),
})
export type PlannedRefusal = z.infer<typeof plannedRefusalSchema>

/** What a promotion of the environment would do now. */
export const promotionPlanSchema = z
  .object({
    from: environmentNameSchema,
    to: environmentNameSchema,
    /** By name. */
    functions: z.array(plannedFunctionSchema),
    /** Names that releases of the set read and the target does not have. */
    variablesMissing: z.array(z.string()),
    /** All at once; empty when it would be let through. */
    refusals: z.array(plannedRefusalSchema),
    /** How many people have to approve it. */
    approvalsRequired: z.number().int(),
  })
  .meta({ id: 'PromotionPlan' })
export type PromotionPlan = z.infer<typeof promotionPlanSchema>
