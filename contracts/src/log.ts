import * as z from 'zod'
import { environmentNameSchema } from './names.ts'
import { pageQuerySchema } from './paging.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export const logEntrySchema = z
  .object({
    logId: z.string(),
    gatewayId: z.string(),
    environment: environmentNameSchema,
    functionName: z.string(),
    version: z.string(),
    requestId: z.string().optional(),
    level: z.enum(logLevels),
    message: z.string(),
    at: z.iso.datetime(),
    /** From the begin of the call that logged it, in milliseconds; absent outside a call. */
    durationMs: z.number().optional(),
  })
  .meta({ id: 'LogEntry' })
export type LogEntry = z.infer<typeof logEntrySchema>

/** Which lines are wanted; each filter narrows further. */
export const logFilterSchema = z.object({
  environment: environmentNameSchema.optional(),
  functionName: z.string().max(200).optional(),
  /** This level and those above it. */
  level: z.enum(logLevels).optional(),
  requestId: z.string().max(128).optional(),
  /** Part of the message, letter case aside. */
  text: z.string().max(200).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
})
export type LogFilter = z.infer<typeof logFilterSchema>
export const logQuerySchema = pageQuerySchema.omit({ filter: true }).extend(logFilterSchema.shape)

/**
 * What a live tail sends; each but the stored lines of `since` has an id to resume from (Last-Event-ID).
 * `hello` when everything before has been sent, `alive` now and then, `gap` when lines may have been missed: the pages have them.
 */
export const logTailEventSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('hello') }),
    z.object({ type: z.literal('alive') }),
    z.object({ type: z.literal('log'), log: logEntrySchema }),
    z.object({ type: z.literal('gap') }),
  ])
  .meta({ id: 'LogTailEvent' })
export type LogTailEvent = z.infer<typeof logTailEventSchema>
