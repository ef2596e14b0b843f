import { type DestinationStream, type Logger, pino } from 'pino'

export interface Log {
  debug(fields: Record<string, unknown>, message: string): void
  info(fields: Record<string, unknown>, message: string): void
  warn(fields: Record<string, unknown>, message: string): void
  error(fields: Record<string, unknown>, message: string): void
  child(fields: Record<string, unknown>): Log
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Field names whose values never reach a log, at the top of a record or one level down. */
const secretFields = ['authorization', 'apikey', 'apiKey', 'token', 'password', 'secret', 'uri', 'dataUri', 'code', 'cookie']
const uriPassword = /(\w+:\/\/[^:@/\s]*):[^@/\s]+@/g
const apiKey = /\bimp_(dev|staging|prod)_[0-9A-Za-z]{36}\b/g

/** Takes out of free text what looks like a password in an address or a consumer's key: drivers put addresses into their messages. */
export const withoutSecrets = (text: string): string => text.replace(uriPassword, '$1:***@').replace(apiKey, 'imp_$1_***')

const describeError = (error: unknown): unknown =>
  error instanceof Error
    ? {
        name: error.name,
        message: withoutSecrets(error.message),
        ...('code' in error ? { errorCode: error.code } : {}),
        stack: withoutSecrets(error.stack ?? ''),
        ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
      }
    : error

/** `error` (any thrown value) is the field for failures. JSON lines to standard error unless a destination is given. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const logger = pino(
    {
      level,
      base: null,
      redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '***' },
      serializers: { error: describeError },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  )
  return fromPino(logger)
}

function fromPino(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => fromPino(logger.child(fields)),
  }
}

const ignore = () => {}
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silentLog }
