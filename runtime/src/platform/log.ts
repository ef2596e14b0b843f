import { pino } from 'pino'

/** Where a part of the runtime says what happened. Never hand it a key, a token, an address with a password or a function's code. */
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void
  info(fields: Record<string, unknown>, message: string): void
  warn(fields: Record<string, unknown>, message: string): void
  error(fields: Record<string, unknown>, message: string): void
}

export const runtimeLogLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type RuntimeLogLevel = (typeof runtimeLogLevels)[number]

const passwordInAddress = /(\w+:\/\/[^:@/\s]*):[^@/\s]+@/g

/** What may be logged of a thrown value: drivers put whole addresses into their messages. */
export function describeError(error: unknown): { name: string; message: string; stack?: string } {
  if (!(error instanceof Error)) return { name: 'Thrown', message: String(error).replace(passwordInAddress, '$1:***@') }
  return {
    name: error.name,
    message: error.message.replace(passwordInAddress, '$1:***@'),
    stack: (error.stack ?? '').replace(passwordInAddress, '$1:***@'),
  }
}

/** JSON lines to standard error. The field `error` may hold any thrown value. */
export function createLog(level: RuntimeLogLevel, base: Record<string, unknown>): Log {
  return pino(
    { level, base, serializers: { error: describeError }, redact: { paths: ['dataUri', 'token', 'apikey'], censor: '***' } },
    pino.destination({ dest: 2, sync: true }),
  )
}

const ignore = (): void => {}
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
