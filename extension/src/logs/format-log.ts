import type { LogEntry } from '@imprun/contracts'
import { formatMs } from '../runs/describe-run.ts'

const continuation = '    '

/** One line of the view, and its further lines indented below it: `12:03:04.123 error dev orders/list 1.0.3 12 ms message`. */
export function formatLog({ at, level, environment, functionName, version, durationMs, message }: LogEntry): string {
  const facts = [clock(new Date(at)), level.padEnd(5), environment, functionName, version, ...(durationMs === undefined ? [] : [`+${formatMs(durationMs)}`])]
  return `${facts.join(' ')}  ${message.replaceAll('\n', `\n${continuation}`)}`
}

const two = (value: number) => String(value).padStart(2, '0')
const clock = (at: Date) => `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`
