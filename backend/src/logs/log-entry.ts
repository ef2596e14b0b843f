import type { LogEntry, StoredLog } from '@imprun/contracts'
import type { WithId } from 'mongodb'

/** Ids are the runtime's, which writes these: hexadecimal text. */
export type LogDocument = WithId<StoredLog & { _id: string }>

export const toLogEntry = (gatewayId: string, stored: LogDocument): LogEntry => ({
  logId: String(stored._id),
  gatewayId,
  environment: stored.environment,
  functionName: stored.functionName,
  version: stored.version,
  ...(stored.requestId === undefined ? {} : { requestId: stored.requestId }),
  level: stored.level,
  message: stored.message,
  at: stored.at.toISOString(),
  ...(stored.durationMs === undefined ? {} : { durationMs: stored.durationMs }),
})
