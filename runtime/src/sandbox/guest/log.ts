import { hostCalls } from '../bridge.ts'
import { currentRequest } from './current-request.ts'
import { describeFailure } from './failure.ts'
import { callHost } from './host.ts'
import { inspect } from './lazy-packages.ts'

/** Counted here, inside the isolate, so that a flood costs its author's time and not the host's. */
const linesPerSecondMax = 200
const charsPerSecondMax = 256 * 1024
const lineCharsMax = 8192

const now = Date.now
let windowStartedAt = 0
let lines = 0
let chars = 0

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export function log(level: LogLevel, values: readonly unknown[]): void {
  const at = now()
  if (at - windowStartedAt >= 1000) {
    windowStartedAt = at
    lines = 0
    chars = 0
  }
  if (lines > linesPerSecondMax || chars > charsPerSecondMax) return
  lines++
  const isLast = lines > linesPerSecondMax || chars + lineCharsMax > charsPerSecondMax
  const message = isLast
    ? `More than ${linesPerSecondMax} lines or ${charsPerSecondMax} characters in a second: the rest of this second is not logged.`
    : toLine(values)
  chars += isLast ? lineCharsMax : message.length
  const request = currentRequest()
  callHost(hostCalls.log, request?.id, isLast ? 'warn' : level, message, request?.call)
}

function toLine(values: readonly unknown[]): string {
  const line = typeof values[0] === 'string' && values.length > 1 ? fillIn(values[0], values.slice(1)) : values.map(toText).join(' ')
  return line.length > lineCharsMax ? `${line.slice(0, lineCharsMax)}... (${line.length} characters)` : line
}

/** console's format marks: %s %d %i %f %j %o %O %c and %%. */
function fillIn(format: string, values: unknown[]): string {
  let next = 0
  const filled = format.replace(/%[sdifjoOc%]/g, (mark) => {
    if (mark === '%%') return '%'
    if (next >= values.length) return mark
    const value = values[next++]
    if (mark === '%c') return ''
    if (mark === '%d' || mark === '%f') return String(Number(value))
    if (mark === '%i') return String(Math.trunc(Number(value)))
    return toText(value)
  })
  return [filled, ...values.slice(next).map(toText)].join(' ')
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    if (value instanceof Error) return describeFailure(value).stack || String(value)
    return inspect()(value, { depth: 4, maxStringLength: lineCharsMax })
  } catch {
    return '[cannot be printed]'
  }
}

const write =
  (level: LogLevel) =>
  (...values: unknown[]): void =>
    log(level, values)

export const impLog = Object.freeze({ debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') })

export const consoleGlobal = {
  ...impLog,
  log: write('info'),
  trace: write('debug'),
  dir: (value: unknown): void => log('info', [value]),
  table: (value: unknown): void => log('info', [value]),
  assert: (isTrue: unknown, ...values: unknown[]): void => {
    if (!isTrue) log('error', ['Assertion failed:', ...values])
  },
}
