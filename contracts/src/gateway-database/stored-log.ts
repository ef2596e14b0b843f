import * as z from 'zod'
import { logLevels } from '../log.ts'
import { environmentNameSchema } from '../names.ts'

/** `__logs`: what functions wrote with console and what they threw; removed by MongoDB after `logTtlS`. */
export const logTtlS = 7 * 24 * 3600
export const storedLogSchema = z.object({
  environment: environmentNameSchema,
  functionName: z.string(),
  version: z.string(),
  requestId: z.string().optional(),
  level: z.enum(logLevels),
  message: z.string(),
  at: z.date(),
  /** From the begin of the call that logged it, in milliseconds; absent outside a call. */
  durationMs: z.number().optional(),
})
export type StoredLog = z.infer<typeof storedLogSchema>
