import * as z from 'zod'
import { environmentNameSchema } from '../names.ts'

/** The backend's own database. */
export const sysDatabaseName = 'sys_db'
/**
 * The one collection of it that runtimes write: one document for each that lives, so that thousands of gateways on one runtime cost one write. A runtime
 * that leaves removes its own.
 */
export const runtimeHeartbeats = 'runtimeHeartbeats'
export const runtimeHeartbeatSchema = z.object({
  /** The runtime's id. */
  _id: z.string(),
  /** By the database's clock. */
  heartbeatAt: z.date(),
})
export type RuntimeHeartbeat = z.infer<typeof runtimeHeartbeatSchema>

export const heartbeatEveryMs = 2_000
/** A runtime that missed three heartbeats is not waited for. Compared with the database's clock. */
export const heartbeatLostAfterMs = 3 * heartbeatEveryMs

/** Why a runtime could not apply a revision; it goes on with what it had. */
export const applyFailureSchema = z.object({
  /** The function's name. */
  name: z.string(),
  revision: z.number().int(),
  code: z.string(),
  message: z.string(),
  /** The author's file; absent where no place is known. */
  file: z.string().optional(),
  line: z.number().int().optional(),
  column: z.number().int().optional(),
})
export type ApplyFailure = z.infer<typeof applyFailureSchema>

/** A version that a runtime keeps apart from the others, because it took its process down or held it up. */
export const quarantinedFunctionSchema = z.object({
  /** The function's name. */
  name: z.string(),
  version: z.string(),
  /** A sentence for the owner. */
  reason: z.string(),
  at: z.date(),
})
export type QuarantinedFunction = z.infer<typeof quarantinedFunctionSchema>

/** `__runtimes`: one per (runtime, environment): what it has reached. Whether the runtime lives, its heartbeat says. */
export const liveRuntimeSchema = z.object({
  /** `<runtimeId>/<environment>` */
  _id: z.string(),
  runtimeId: z.string(),
  environment: environmentNameSchema,
  /** Everything up to this revision has been read and either applied or refused (`failures`). */
  revision: z.number().int(),
  /** Only the refusals that still stand: the published revision of that function is the one that failed. */
  failures: z.array(applyFailureSchema),
  /** Absent when there is none. */
  quarantined: z.array(quarantinedFunctionSchema).optional(),
  /** When the last function was swapped in or refused, by the runtime's clock. For measuring, never for deciding. */
  appliedAt: z.date().optional(),
})
export type LiveRuntime = z.infer<typeof liveRuntimeSchema>
