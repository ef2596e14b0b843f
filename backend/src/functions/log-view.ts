import { gatewayCollections, type LogEntry, type StoredLog } from '@imprun/contracts'
import type { Filter, WithId } from 'mongodb'
import type { Database } from '../database/database.ts'
import { decodeCursor } from '../database/paging.ts'

/** Ids are the runtime's, which writes these: compared as text. */
export type LogDocument = WithId<StoredLog>

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
})

/** Many entries share one millisecond, so the place between two pages is time and id. */
export const logCursorKey = ({ at, _id }: LogDocument): string => `${at.getTime()}/${String(_id)}`

export interface LogQuery {
  gatewayId: string
  functionName: string
  environments: readonly StoredLog['environment'][]
  limit: number
  cursor?: string | undefined
}

/** Newest first; one more than the limit when there is a next page. */
export function readLogs(database: Database, { gatewayId, functionName, environments, limit, cursor }: LogQuery): Promise<LogDocument[]> {
  const conditions: Filter<StoredLog>[] = [{ environment: { $in: [...environments] }, functionName }]
  if (cursor) conditions.push(olderThan(decodeCursor(cursor)))
  return database
    .gateway(gatewayId)
    .collection<StoredLog>(gatewayCollections.logs)
    .find({ $and: conditions })
    .sort({ at: -1, _id: -1 })
    .limit(limit + 1)
    .toArray()
}

function olderThan(key: string): Filter<StoredLog> {
  const [ms = '', id = ''] = key.split('/')
  const at = new Date(Number(ms) || 0)
  return { $or: [{ at: { $lt: at } }, { at, $expr: { $lt: [{ $toString: '$_id' }, id] } }] }
}
