import type { Freeze, Weekday } from '@imprun/contracts'
import { weekdays } from '@imprun/contracts/protection'

type Weekly = Extract<Freeze, { weekly: unknown }>['weekly']
type Once = Pick<Extract<Freeze, { from: string }>, 'from' | 'to'>

/** `2026-12-24T18:00 – 2027-01-02T08:00 · Europe/Berlin` or `fri 17:00-24:00, sat sun 00:00-24:00 · Asia/Seoul` */
export function freezeText(freeze: Freeze): string {
  return `${'weekly' in freeze ? weeklyText(freeze.weekly) : onceText(freeze)} · ${freeze.timeZone}`
}

/** What a person types for a freeze that comes every week, and reads. */
export const weeklyText = (weekly: Weekly): string => weekly.map(({ days, from, to }) => `${days.join(' ')} ${from}-${to}`).join(', ')
export const onceText = ({ from, to }: Once): string => `${from} – ${to}`

/** @returns undefined for a text of another form; what it means is the contract's to judge */
export function parseWeekly(text: string): Weekly | undefined {
  const windows = text.split(',').map(parseWindow)
  return windows.every((window) => window !== undefined) ? windows : undefined
}

function parseWindow(text: string): Weekly[number] | undefined {
  const [, days = '', from = '', to = ''] = /^\s*([a-z ]+?)\s+(\d\d:\d\d)\s*[-–]\s*(\d\d:\d\d)\s*$/i.exec(text) ?? []
  const named = days.toLowerCase().split(/\s+/)
  return named.every(isWeekday) && from ? { days: named, from, to } : undefined
}

/** `2026-12-24 18:00 - 2027-01-02 08:00`, with a T between date and time or without. */
export function parseOnce(text: string): Once | undefined {
  const [, fromDay, fromTime, toDay, toTime] = /^\s*(\S{10})[T ](\d\d:\d\d)\s*[-–]\s*(\S{10})[T ](\d\d:\d\d)\s*$/.exec(text) ?? []
  return toTime === undefined ? undefined : { from: `${fromDay}T${fromTime}`, to: `${toDay}T${toTime}` }
}

const isWeekday = (name: string): name is Weekday => (weekdays as readonly string[]).includes(name)
