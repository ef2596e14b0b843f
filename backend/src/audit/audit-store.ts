import type { AuditQuery } from '@imprun/contracts'
import type { ClientSession, Filter } from 'mongodb'
import type { Database } from '../database/database.ts'
import { findNewestPage } from '../database/paging.ts'
import { newId } from '../platform/ids.ts'

/** One per call of a mutating route, whether it was carried out or refused. Holds no secret and no code. */
export interface AuditRecord {
  /** Undefined when the caller was not signed in. */
  userId?: string
  actor?: string
  tokenId?: string
  ip: string
  route: string
  method: string
  params: Record<string, string>
  /** What the route had to say about it: ids, versions, from and to. */
  facts: Record<string, unknown>
  status: number
  /** Of a refusal. */
  code?: string
  requestId: string
  at: Date
}

export interface StoredAuditRecord extends AuditRecord {
  _id: string
  /** What it was about, named in the path or found by the route. */
  gatewayId?: string
}

/** Records are added and read; there is no way to change one. */
export interface AuditStore {
  append(record: AuditRecord, session?: ClientSession): Promise<void>
  /** Newest first; one more than the limit when there is a next page. @param gatewayId undefined: of everything */
  list(gatewayId: string | undefined, query: AuditQuery): Promise<StoredAuditRecord[]>
}

const gatewayIdOf = ({ params, facts }: AuditRecord): { gatewayId?: string } => {
  const gatewayId = params.gatewayId ?? facts.gatewayId
  return typeof gatewayId === 'string' ? { gatewayId } : {}
}

export function createAuditStore(database: Database): AuditStore {
  const records = database.sys.collection<StoredAuditRecord>('auditLog')
  return {
    async append(record, session) {
      await records.insertOne({ _id: newId(), ...gatewayIdOf(record), ...record }, session ? { session } : {})
    },
    list(gatewayId, { route, userId, result, ...page }) {
      const wanted: Filter<StoredAuditRecord> = {
        ...(gatewayId === undefined ? {} : { gatewayId }),
        ...(route === undefined ? {} : { route }),
        ...(userId === undefined ? {} : { userId }),
        ...(result === undefined ? {} : { code: { $exists: result === 'refused' } }),
      }
      return findNewestPage(records, [wanted], page)
    },
  }
}
