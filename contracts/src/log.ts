import { z } from 'zod'
import { environmentNameSchema } from './names.ts'

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
  })
  .meta({ id: 'LogEntry' })
export type LogEntry = z.infer<typeof logEntrySchema>
