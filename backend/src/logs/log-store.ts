import { gatewayCollections, type LogFilter } from '@imprun/contracts'
import type { Filter } from 'mongodb'
import type { Database } from '../database/database.ts'
import { decodeCursor } from '../database/paging.ts'
import type { LogDocument } from './log-entry.ts'
import { toCondition } from './log-filter.ts'

/** Many lines share one millisecond, so the place between two pages is time and id. */
export const logCursorKey = ({ at, _id }: LogDocument): string => `${at.getTime()}/${_id}`

/** A filter that finds little looks at many lines; beyond this it is given up. */
const queryTimeoutMs = 10_000

/** What functions logged, read from their gateway's database. */
export interface LogStore {
  /** Newest first; one more than the limit when there is a next page. */
  readPage(gatewayId: string, filter: LogFilter, page: { limit: number; cursor?: string | undefined }): Promise<LogDocument[]>
  /** The newest `linesMax` lines, oldest of them first. */
  readNewest(gatewayId: string, filter: LogFilter, linesMax: number): Promise<LogDocument[]>
}

export function createLogStore(database: Database): LogStore {
  const find = (gatewayId: string, conditions: Filter<LogDocument>[], limit: number) =>
    database
      .gateway(gatewayId)
      .collection<LogDocument>(gatewayCollections.logs)
      .find({ $and: conditions })
      .sort({ at: -1, _id: -1 })
      .limit(limit)
      .maxTimeMS(queryTimeoutMs)
      .toArray()
  return {
    readPage: (gatewayId, filter, { limit, cursor }) => find(gatewayId, [toCondition(filter), ...(cursor ? [olderThan(decodeCursor(cursor))] : [])], limit + 1),
    readNewest: async (gatewayId, filter, linesMax) => (await find(gatewayId, [toCondition(filter)], linesMax)).reverse(),
  }
}

function olderThan(key: string): Filter<LogDocument> {
  const [ms = '', id = ''] = key.split('/')
  const at = new Date(Number(ms) || 0)
  return { $or: [{ at: { $lt: at } }, { at, _id: { $lt: id } }] }
}
