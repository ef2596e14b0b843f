import * as z from 'zod'
import { environmentNameSchema } from '../names.ts'
import { scheduleRuleSchema } from '../schedule.ts'

const passedOverSchema = z.object({ count: z.number().int(), lastAt: z.date().optional() })

/**
 * `__schedules`: one per (environment, function with a schedule). Fronts make it when they serve the function, and each due time belongs to the one that moves
 * `nextAt` on. All times are the database's.
 */
export const storedScheduleSchema = scheduleRuleSchema.extend({
  /** `<environment>/<function name>` */
  _id: z.string(),
  environment: environmentNameSchema,
  name: z.string(),
  /** Of the published function that it belongs to. */
  revision: z.number().int(),
  nextAt: z.date(),
  lastFiredAt: z.date().optional(),
  /** A run is under way, and is believed in until then: its runtime may have died. */
  runningUntil: z.date().optional(),
  runId: z.string().optional(),
  missed: passedOverSchema,
  skipped: passedOverSchema,
})
export type StoredSchedule = z.infer<typeof storedScheduleSchema>
