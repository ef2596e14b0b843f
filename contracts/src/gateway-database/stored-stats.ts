import * as z from 'zod'
import { environmentNameSchema } from '../names.ts'

export const statsTtlS = 24 * 3600
/** `__stats`: what the calls of one version of a function in one minute came to, over all runtimes. */
export const storedStatsSchema = z.object({
  environment: environmentNameSchema,
  functionName: z.string(),
  version: z.string(),
  /** When the minute began. */
  minute: z.date(),
  calls: z.number().int(),
  /** Answered with a status of 500 or above, or not at all. */
  failed: z.number().int(),
  durationMsSum: z.number(),
  durationMsMax: z.number(),
})
export type StoredStats = z.infer<typeof storedStatsSchema>
/** Its `_id`, so that every runtime adds to the same document. */
export const statsId = ({ environment, functionName, version, minute }: Pick<StoredStats, 'environment' | 'functionName' | 'version' | 'minute'>): string =>
  `${environment}/${functionName}/${version}/${minute.getTime()}`
