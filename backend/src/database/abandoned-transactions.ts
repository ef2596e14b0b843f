import type { Document } from 'mongodb'
import type { Log } from '../platform/log.ts'
import type { Database } from './database.ts'

/**
 * Ends the transactions that an earlier life of this backend had open when it was killed. MongoDB would keep them, and block every write to what they
 * touched, for another minute. Called before this life opens one, by the only process that uses this application name.
 */
export async function endAbandonedTransactions(database: Database, log: Log): Promise<void> {
  const { appName } = database.client.options
  const admin = database.client.db('admin')
  try {
    const abandoned = await admin
      .aggregate<{ lsid: Document }>(
        [
          { $currentOp: { allUsers: true, idleSessions: true } },
          { $match: { appName, transaction: { $exists: true }, lsid: { $exists: true } } },
          { $project: { lsid: 1 } },
        ],
        { readConcern: { level: 'local' } },
      )
      .toArray()
    if (abandoned.length === 0) return
    await admin.command({ killAllSessionsByPattern: abandoned.map(({ lsid }) => ({ lsid: { id: lsid.id, uid: lsid.uid } })) })
    log.info({ count: abandoned.length }, 'Transactions of an earlier life were ended')
  } catch (error) {
    // A user of MONGODB_URI may not be allowed to look or to end; then the minute passes by itself.
    log.warn({ error }, 'Transactions that an earlier life may have left open cannot be looked for')
  }
}
