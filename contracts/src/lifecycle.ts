import * as z from 'zod'

/** What the user wants. */
export const states = ['active', 'inactive', 'deleted'] as const
export type State = (typeof states)[number]
export const stateSchema = z.enum(states)

/** Where the system is. */
export const phases = ['Creating', 'Created', 'Starting', 'Started', 'Stopping', 'Stopped', 'Deleting', 'Deleted'] as const
export type Phase = (typeof phases)[number]
export const phaseSchema = z.enum(phases)

export const lastErrorSchema = z.object({ code: z.string(), message: z.string(), at: z.iso.datetime() })
export type LastError = z.infer<typeof lastErrorSchema>

/** The part of a document's phase-machine bookkeeping that its owner may see. */
export const lifecycleSchema = z.object({
  state: stateSchema,
  phase: phaseSchema,
  attempts: z.number().int().nonnegative(),
  lastError: lastErrorSchema.optional(),
  /** The engine goes on trying, but a person should look: ten attempts in a row have failed. */
  isStalled: z.boolean(),
  nextAttemptAt: z.iso.datetime().optional(),
})
