import { ImprunError, type InputFault, kindOfName, type ScheduleRule } from '@imprun/contracts'
import { Cron } from 'croner'
import { sourceFileOf } from '../publishing/build-faults.ts'
import type { ExportedLiteral, ExportedLiterals } from '../publishing/exported-literals.ts'

const timeZoneDefault = 'UTC'
const expressionLengthMax = 200
const fiveFields = "A schedule has five fields: minute, hour, day of month, month and day of week, for example '*/5 * * * *'."

/**
 * When the function runs by itself, from its exports `schedule` and `timeZone`; undefined when it does not.
 * @throws SCHEDULE_INVALID with the place of every fault.
 */
export function readScheduleRule(functionName: string, { schedule, timeZone }: ExportedLiterals): ScheduleRule | undefined {
  if (schedule === undefined) return undefined
  const rule = { cron: schedule.value.trim(), timeZone: timeZone?.value ?? timeZoneDefault }
  const faults: InputFault[] = []
  const note = (literal: ExportedLiteral, message: string | undefined) => {
    if (message !== undefined) faults.push(toFault(sourceFileOf(functionName), literal, message))
  }
  if (timeZone) note(timeZone, faultOfTimeZone(rule.timeZone))
  if (kindOfName(functionName) === 'middleware') note(schedule, 'Middleware runs before other functions, never by itself. Put the schedule into a function.')
  else if (faults.length === 0) note(schedule, faultOfCron(rule))
  const [first] = faults
  if (first) throw new ImprunError('SCHEDULE_INVALID', `${first.message} (line ${first.line}, column ${first.column})`, { errors: faults })
  return rule
}

const toFault = (file: string, { line, column, value }: ExportedLiteral, message: string): InputFault => ({
  field: `${file}:${line}:${column}`,
  message,
  file,
  line,
  column,
  length: value.length + 2,
})

function faultOfTimeZone(name: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return undefined
  } catch {
    return `"${name.slice(0, 80)}" is not a time zone. Use an IANA name, for example 'Asia/Seoul'.`
  }
}

/** Minutes are the smallest step: libraries that also read seconds would take six fields. */
function faultOfCron({ cron, timeZone }: ScheduleRule): string | undefined {
  if (cron.length > expressionLengthMax || cron.split(/\s+/).length !== 5) return fiveFields
  try {
    const next = new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true }).nextRun()
    return next ? undefined : `The schedule "${cron}" never comes.`
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : 'it can not be read'
    return `The schedule "${cron}" is not valid: ${reason}`
  }
}
