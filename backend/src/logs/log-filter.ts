import { environmentNames, type LogEntry, type LogFilter, logLevels } from '@imprun/contracts'
import type { Filter } from 'mongodb'
import { containing } from '../database/paging.ts'
import type { LogDocument } from './log-entry.ts'

const levelsFrom = (level: LogEntry['level']) => logLevels.slice(logLevels.indexOf(level))

/** The same filter for lines that are stored. */
export function toCondition({ environment, functionName, level, requestId, text, since }: LogFilter): Filter<LogDocument> {
  return {
    // Named in any case, so that the index on it and on the time is of use.
    environment: environment ?? { $in: [...environmentNames] },
    ...(functionName === undefined ? {} : { functionName }),
    ...(level === undefined ? {} : { level: { $in: levelsFrom(level) } }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(text ? { message: containing(text) } : {}),
    ...(since === undefined ? {} : { at: { $gte: new Date(since) } }),
  }
}

/** And for lines as they come; those are never too old. */
export function toPredicate({ environment, functionName, level, requestId, text }: LogFilter): (entry: LogEntry) => boolean {
  const levels = level && levelsFrom(level)
  const part = text?.toLowerCase()
  return (entry) =>
    (environment === undefined || entry.environment === environment) &&
    (functionName === undefined || entry.functionName === functionName) &&
    (levels === undefined || levels.includes(entry.level)) &&
    (requestId === undefined || entry.requestId === requestId) &&
    (!part || entry.message.toLowerCase().includes(part))
}
