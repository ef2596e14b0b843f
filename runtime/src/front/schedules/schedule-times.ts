import type { ScheduleRule } from '@imprun/contracts'
import { Cron } from 'croner'

/** Counting what was missed ends here: more says nothing more, and a thousand take a tenth of a second. */
export const missedCountMax = 1_000

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
