import * as z from 'zod'

/** How far back a function's health looks. */
export const healthWindowMs = 5 * 60_000

/** How the calls of one function in one environment went in the last minutes. */
export const functionHealthSchema = z.object({
  calls: z.number().int(),
  /** Answered with a status of 500 or above. */
  failed: z.number().int(),
  /** This version runs apart from the others, because it took them with it. */
  quarantine: z.object({ version: z.string(), reason: z.string(), at: z.iso.datetime() }).optional(),
})
export type FunctionHealth = z.infer<typeof functionHealthSchema>
