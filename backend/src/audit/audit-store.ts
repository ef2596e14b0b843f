import type { Database } from '../database/database.ts'
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

export interface AuditStore {
  append(record: AuditRecord): Promise<void>
}

export function createAuditStore(database: Database): AuditStore {
  const records = database.sys.collection<AuditRecord & { _id: string }>('auditLog')
  return {
    async append(record) {
      await records.insertOne({ _id: newId(), ...record })
    },
  }
}
