import * as z from 'zod'

/** When a function runs by itself, as its author wrote it: `export const schedule` and `export const timeZone`. */
export const scheduleRuleSchema = z.object({
  /** Five fields, as in crontab. */
  cron: z.string(),
  /** IANA name. */
  timeZone: z.string(),
})
export type ScheduleRule = z.infer<typeof scheduleRuleSchema>

const passedOverSchema = z.object({
  /** Since the schedule was published. */
  count: z.number().int(),
  lastAt: z.iso.datetime().optional(),
})

/** How the schedule of a served function stands in one environment. */
export const scheduleSchema = scheduleRuleSchema.extend({
  nextAt: z.iso.datetime(),
  /** The time it was due, not the time it began. */
  lastFiredAt: z.iso.datetime().optional(),
  /** Due times at which no runtime served the environment. They are not made up for. */
  missed: passedOverSchema,
  /** Due times at which the run before was still under way. */
  skipped: passedOverSchema,
})
export type Schedule = z.infer<typeof scheduleSchema>
