import type { Database } from '../../database/database.ts'
import { isDuplicateKey } from '../../database/errors.ts'

/** One port of this machine, held by one runtime. */
export interface PortLease {
  readonly port: number
  readonly holder: string
  readonly fence: number
}

interface StoredPortLease extends PortLease {
  _id: string
  renewedAt: Date
}

/** Which runtime has which port, across all backends on one database. Times are the database's. */
export interface PortLeases {
  /** @returns undefined while another holder has the port and renews it. Safe to repeat: the holder's own lease is renewed. */
  take(port: number, holder: string): Promise<PortLease | undefined>
  /** Gives a port back; nothing happens when somebody else has it by now. */
  release(lease: PortLease): Promise<void>
  /** Gives back every port of a holder but one. */
  releaseOthers(holder: string, kept: number | undefined): Promise<void>
}

/** A holder renews several times in this time; one that has not is gone. */
export const portLeaseTtlMs = 60_000

export function createPortLeases(database: Database, ttlMs: number = portLeaseTtlMs): PortLeases {
  const leases = database.sys.collection<StoredPortLease>('portLeases')
  const take = (port: number, holder: string) => [
    {
      $set: {
        port,
        holder: { $literal: holder },
        renewedAt: '$$NOW',
        fence: { $add: [{ $ifNull: ['$fence', 0] }, { $cond: [{ $eq: ['$holder', holder] }, 0, 1] }] },
      },
    },
  ]
  return {
    async take(port, holder) {
      const _id = String(port)
      const isStale = { $lt: ['$renewedAt', { $subtract: ['$$NOW', ttlMs] }] }
      const left = await leases.findOneAndUpdate({ _id, $expr: isStale }, take(port, holder), { returnDocument: 'after' })
      if (left) return left
      try {
        return (await leases.findOneAndUpdate({ _id, holder }, take(port, holder), { upsert: true, returnDocument: 'after' })) ?? undefined
      } catch (error) {
        // The port is there with another holder, so the insertion met its id.
        if (isDuplicateKey(error)) return undefined
        throw error
      }
    },
    async release({ port, holder, fence }) {
      await leases.deleteOne({ _id: String(port), holder, fence })
    },
    async releaseOthers(holder, kept) {
      await leases.deleteMany({ holder, ...(kept === undefined ? {} : { port: { $ne: kept } }) })
    },
  }
}
