import * as z from 'zod'

export const approvalsMax = 5
export const freezesMax = 50
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof weekdays)[number]

const localDateTime = z.string().regex(/^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d$/, 'Use local date and time, for example "2026-12-24T18:00".')
const localTime = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'Use a time of day such as "17:00"; a day ends at "24:00".')
const isTimeZone = (name: string) => {
  try {
    // Offsets such as "+02:00" are accepted by some engines, and know nothing of summer time.
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
const common = {
  name: z.string().trim().min(1, 'A freeze needs a name, which is told to those whom it stops.').max(80),
  timeZone: z.string().refine(isTimeZone, 'Use an IANA time zone, for example "Europe/Berlin".'),
}
const isDate = (text: string) => {
  const date = new Date(`${text}Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

/** Nothing is deployed from `from` on and before `to`, as the clocks of the time zone show it. */
const onceSchema = z.strictObject({ ...common, from: localDateTime, to: localDateTime }).superRefine(({ from, to }, context) => {
  for (const [field, text] of Object.entries({ from, to }))
    if (!isDate(text)) context.addIssue({ code: 'custom', path: [field], message: 'There is no such day.' })
  if (from >= to) context.addIssue({ code: 'custom', path: ['to'], message: 'It has to end after it begins.' })
})
const weeklyWindowSchema = z
  .strictObject({ days: z.array(z.enum(weekdays)).min(1).max(weekdays.length), from: localTime, to: localTime })
  .refine(({ from, to }) => from < to, {
    path: ['to'],
    message: 'It has to end after it begins; what lasts over midnight is two windows, the first to "24:00".',
  })
const weeklySchema = z.strictObject({ ...common, weekly: z.array(weeklyWindowSchema).min(1).max(20) })

export const freezeSchema = z.union([onceSchema, weeklySchema])
export type Freeze = z.infer<typeof freezeSchema>

/** What an environment asks for before something is put into it. A rollback asks for none of it but a reason. */
export const protectionSchema = z.strictObject({
  /** How many people beside the author have to say yes. */
  approvals: z.number().int().min(0).max(approvalsMax).default(0),
  /** Who these may be. Absent: every member who may approve. */
  approvers: z.array(z.string()).min(1).max(50).optional(),
  freezes: z.array(freezeSchema).max(freezesMax).default([]),
})
export type Protection = z.infer<typeof protectionSchema>
