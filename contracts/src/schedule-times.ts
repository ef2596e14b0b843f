import { Cron } from 'croner'

/** When a function runs by itself: five fields as in crontab, read in this time zone (IANA name). */
export interface ScheduleRule {
  cron: string
  timeZone: string
}

export const timeZoneDefault = 'UTC'
/** Counting what was missed ends here: more says nothing more, and each takes some 20 us. */
export const missedCountMax = 1_000
const expressionLengthMax = 200

/** What is wrong with a schedule, in words for its author; undefined when nothing is. Minutes are the smallest step. */
export function faultOfSchedule({ cron, timeZone }: ScheduleRule): { field: 'cron' | 'timeZone'; message: string } | undefined {
  if (!isTimeZone(timeZone)) return { field: 'timeZone', message: `"${timeZone.slice(0, 80)}" is not a time zone. Use an IANA name, for example 'Asia/Seoul'.` }
  if (cron.length > expressionLengthMax || cron.trim().split(/\s+/).length !== 5) {
    return { field: 'cron', message: "A schedule has five fields: minute, hour, day of month, month and day of week, for example '*/5 * * * *'." }
  }
  try {
    if (nextTime({ cron, timeZone }, new Date()) === undefined) return { field: 'cron', message: `The schedule "${cron}" never comes.` }
    return undefined
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : 'it can not be read'
    return { field: 'cron', message: `The schedule "${cron}" is not valid: ${reason}` }
  }
}

/** The first time that lies after `after`; undefined when there is none. @throws croner's error for an expression that is none */
export const nextTime = (rule: ScheduleRule, after: Date): Date | undefined => parse(rule).nextRun(after) ?? undefined

/** The times from `first`, which is one of them, up to `now`: how many there are (at most `missedCountMax`), and the last that was counted. */
export function timesUntil(rule: ScheduleRule, first: Date, now: Date): { count: number; last: Date } {
  const cron = parse(rule)
  let count = 1
  let last = first
  for (let next = cron.nextRun(first); next !== null && next <= now && count < missedCountMax; next = cron.nextRun(next)) {
    count += 1
    last = next
  }
  return { count, last }
}

const parse = ({ cron, timeZone }: ScheduleRule): Cron => new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true })

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
