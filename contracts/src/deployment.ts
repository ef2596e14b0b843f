import * as z from 'zod'
import { approvalSchema } from './approval.ts'
import { canarySchema } from './canary.ts'
import { inputFaultSchema } from './errors.ts'
import { environmentNameSchema } from './names.ts'

export const deploymentStatuses = ['PENDING', 'VALIDATING', 'IN_PROGRESS', 'SUCCESS', 'FAILED', 'ROLLED_BACK', 'SUPERSEDED'] as const
export type DeploymentStatus = (typeof deploymentStatuses)[number]
/** A removal takes the function out of the environment; its release is the one that was served. */
export const deploymentKinds = ['publish', 'promotion', 'rollback', 'removal'] as const

export const deploymentSchema = z
  .object({
    deploymentId: z.string(),
    gatewayId: z.string(),
    functionId: z.string(),
    functionName: z.string(),
    environment: environmentNameSchema,
    kind: z.enum(deploymentKinds),
    /** The environment a promotion came from. */
    from: environmentNameSchema.optional(),
    releaseId: z.string(),
    version: z.string(),
    /** Of the set that it belongs to: all of a set is served, or nothing of it. */
    setId: z.string().optional(),
    status: z.enum(deploymentStatuses),
    /** What its author gave as the reason; always there for a rollback. */
    reason: z.string().optional(),
    /** One line for people: "Deployed from dev to staging (version: 1.0.0)". */
    message: z.string(),
    error: z.object({ code: z.string(), detail: z.string(), errors: z.array(inputFaultSchema).optional() }).optional(),
    /** Of a deployment into a protected environment. While it waits for approval it is PENDING. */
    approval: approvalSchema.optional(),
    /** Of one that was SUPERSEDED: the newer deployment that took its place. */
    supersededBy: z.string().optional(),
    /** Of one that serves a part of the callers first; it is IN_PROGRESS until that has come to its end. */
    canary: canarySchema.optional(),
    /** From request received to served by every live runtime, in milliseconds; set with SUCCESS. */
    liveMs: z.number().optional(),
    /** What was let through and may still surprise, for example variables that the environment does not have. */
    warnings: z.array(z.object({ code: z.string(), detail: z.string() })).optional(),
    revision: z.number().int().optional(),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().optional(),
    by: z.string(),
    /** The author's user id, who can not approve it. */
    byUserId: z.string().optional(),
  })
  .meta({ id: 'Deployment' })
export type Deployment = z.infer<typeof deploymentSchema>

export const reasonSchema = z.string().trim().min(1, 'Say why, for those who come after.').max(500)
/** Back to `releaseId`, which the environment has served before; absent: to the release before the present one. Holds the environment against automation. */
export const rollbackFunctionSchema = z.strictObject({ environment: environmentNameSchema, releaseId: z.string().optional(), reason: reasonSchema })
export const abortCanarySchema = z.strictObject({ reason: reasonSchema })
export const releaseHoldSchema = z.strictObject({ reason: reasonSchema })
export const approveDeploymentSchema = z.strictObject({ comment: reasonSchema.optional() })
export const rejectDeploymentSchema = z.strictObject({ reason: reasonSchema })
export const cancelDeploymentSchema = z.strictObject({ reason: reasonSchema.optional() })
