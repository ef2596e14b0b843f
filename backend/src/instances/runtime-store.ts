import type { RuntimeView } from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import type { StoredError } from '../phases/phase-document.ts'

/** A runtime as all backends on one database know it. */
export interface KnownRuntime {
  readonly runtimeId: string
  readonly regionId: string
  /** Hosts of its environments end in it. */
  readonly baseDomain: string
  readonly state: RuntimeView['state']
  /** Where it takes requests; absent until its port is known. */
  readonly url?: string | undefined
  /** Why it does not serve. */
  readonly lastError?: Pick<StoredError, 'code' | 'message'> | undefined
}

export interface ListedRuntime extends KnownRuntime {
  /** The backend that controls it. */
  readonly holder: string
  /** Its backend lives: the lease is not over. */
  readonly isHeld: boolean
  /** It serves, or is being brought back and has served a moment ago. */
  readonly isServing: boolean
}

interface StoredRuntime extends KnownRuntime {
  _id: string
  holder: string
  renewedAt: Date
  /** When it was last seen running, or began. */
  servedAt: Date
}

/** The leases of runtimes, one document for each. Times are the database's. */
export interface RuntimeStore {
  /** Says that these live and how they are. @param served those that run, and those that have just begun */
  renew(holder: string, runtimes: readonly KnownRuntime[], served: ReadonlySet<string>): Promise<void>
  /** By id. */
  list(): Promise<ListedRuntime[]>
  remove(runtimeIds: readonly string[]): Promise<void>
}

export function createRuntimeStore(database: Database, leaseMs: number): RuntimeStore {
  const runtimes = database.sys.collection<StoredRuntime>('runtimes')
  const isYoung = (field: string) => ({ $gt: [field, { $subtract: ['$$NOW', leaseMs] }] })
  return {
    async renew(holder, known, served) {
      if (known.length === 0) return
      await runtimes.bulkWrite(
        known.map((runtime) => {
          const { runtimeId, regionId, baseDomain, state, url, lastError } = runtime
          const facts = { runtimeId, regionId, baseDomain, state, holder, url: url ?? '$$REMOVE', lastError: lastError ? { $literal: lastError } : '$$REMOVE' }
          const servedAt = served.has(runtimeId) ? '$$NOW' : { $ifNull: ['$servedAt', '$$NOW'] }
          return { updateOne: { filter: { _id: runtimeId }, update: [{ $set: { ...facts, renewedAt: '$$NOW', servedAt } }], upsert: true } }
        }),
        { ordered: false },
      )
    },
    list: () =>
      runtimes
        .aggregate<ListedRuntime>([
          { $sort: { _id: 1 } },
          { $set: { isHeld: isYoung('$renewedAt') } },
          { $set: { isServing: { $and: ['$isHeld', isYoung('$servedAt')] } } },
          { $unset: ['_id', 'renewedAt', 'servedAt'] },
        ])
        .toArray(),
    async remove(runtimeIds) {
      await runtimes.deleteMany({ _id: { $in: [...runtimeIds] } })
    },
  }
}
