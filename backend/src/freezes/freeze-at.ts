import { type Freeze, weekdays } from '@imprun/contracts'
import { Temporal } from 'temporal-polyfill'

export interface Frozen {
  name: string
  /** When nothing is frozen any more; undefined where freezes follow each other without a gap. */
  reopensAt: Date | undefined
}

interface Window {
  name: string
  fromMs: number
  /** Not part of it. */
  toMs: number
}

/** One freeze after another is followed so far; nobody plans further ahead than that. */
const followedMax = 400

/**
 * The freeze that stops deployments at this instant, and when deploying is possible again: windows that touch each other count as one.
 * A window is what clocks of its zone show. Where they are set back, it lasts from the first time they show `from` to the last time they show `to`; a
 * time that they leap over stands for the moment of the leap.
 */
export function freezeAt(freezes: readonly Freeze[], at: Date): Frozen | undefined {
  const first = windowAt(freezes, at.getTime())
  if (!first) return undefined
  let last = first
  for (let followed = 0; followed < followedMax; followed++) {
    const next = windowAt(freezes, last.toMs)
    if (!next) return { name: first.name, reopensAt: new Date(last.toMs) }
    last = next
  }
  return { name: first.name, reopensAt: undefined }
}

/** Of several that are on, the one that lasts longest. */
function windowAt(freezes: readonly Freeze[], atMs: number): Window | undefined {
  const on = freezes.flatMap((freeze) => windowsNear(freeze, atMs)).filter(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)
  return on.toSorted((one, other) => other.toMs - one.toMs)[0]
}

function windowsNear(freeze: Freeze, atMs: number): Window[] {
  const { name, timeZone } = freeze
  if ('from' in freeze) {
    const [from, to] = [Temporal.PlainDateTime.from(freeze.from), Temporal.PlainDateTime.from(freeze.to)]
    return [{ name, fromMs: toMs(from, timeZone, 'earlier'), toMs: toMs(to, timeZone, 'later') }]
  }
  const today = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate()
  // Clocks that are set back over midnight show yesterday once more.
  return [today.subtract({ days: 1 }), today, today.add({ days: 1 })].flatMap((date) =>
    freeze.weekly
      .filter(({ days }) => days.some((day) => weekdays.indexOf(day) + 1 === date.dayOfWeek))
      .map(({ from, to }) => ({ name, fromMs: toMs(timeOn(date, from), timeZone, 'earlier'), toMs: toMs(timeOn(date, to), timeZone, 'later') })),
  )
}

const timeOn = (date: Temporal.PlainDate, time: string): Temporal.PlainDateTime =>
  time === '24:00' ? date.add({ days: 1 }).toPlainDateTime() : date.toPlainDateTime(Temporal.PlainTime.from(time))

function toMs(local: Temporal.PlainDateTime, timeZone: string, disambiguation: 'earlier' | 'later'): number {
  const zoned = local.toZonedDateTime(timeZone, { disambiguation })
  if (zoned.toPlainDateTime().equals(local)) return zoned.epochMilliseconds
  // No clock ever shows this time. Read with the offset from before the leap, it lies less than the leap's length before it.
  const leap = local.toZonedDateTime(timeZone, { disambiguation: 'earlier' }).getTimeZoneTransition('next')
  return (leap ?? zoned).epochMilliseconds
}
