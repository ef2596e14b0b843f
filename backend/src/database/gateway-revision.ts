import { gatewayCollections, revisionCounterId } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import { inLine } from '../platform/lines.ts'
import type { Database } from './database.ts'
import { ensureGatewayIndexes, gatewayLayout } from './indexes.ts'

interface Counter {
  _id: string
  value: number
  /** Which collections and indexes the database has; absent until it has any. */
  layout?: string
}

/** Of what a gateway's runtimes read before anything was published. */
export const firstRevision = 1

const countersOf = (database: Database, gatewayId: string) => database.gateway(gatewayId).collection<Counter>(gatewayCollections.counters)

/** Makes all collections and indexes, and notes that they are there. Safe to repeat. */
export async function ensureGatewayLayout(database: Database, gatewayId: string): Promise<void> {
  await ensureGatewayIndexes(database, gatewayId)
  await countersOf(database, gatewayId).updateOne(
    { _id: revisionCounterId },
    { $set: { layout: gatewayLayout }, $max: { value: firstRevision } },
    { upsert: true },
  )
}

/** The same at the cost of one read where they are there. */
export async function ensureGatewayContent(database: Database, gatewayId: string): Promise<void> {
  const counter = await countersOf(database, gatewayId).findOne({ _id: revisionCounterId })
  if (counter?.layout !== gatewayLayout) await ensureGatewayLayout(database, gatewayId)
}

/** Whether it has something in it, but not all that this version wants it to have. */
export async function hasOldLayout(database: Database, gatewayId: string): Promise<boolean> {
  const counter = await countersOf(database, gatewayId).findOne({ _id: revisionCounterId })
  return counter !== null && counter.value > firstRevision && counter.layout !== gatewayLayout
}

/** Nothing may be made inside of a transaction, so it is given up, and repeated once everything is there. */
class LayoutLackingError extends Error {
  override readonly name = 'LayoutLackingError'
}

/**
 * One transaction that raises the gateway's revision and makes the writes it numbers. The counter is written first and held until commit, so revisions
 * become visible in rising order, and a listener that re-reads `revision > mine` can not miss one.
 * `write` may run more than once (it is repeated as a whole after a conflict), so it does nothing but write with the given session.
 * @throws what `write` throws (nothing is kept then), or the driver's error.
 */
export async function withNextRevision<T>(
  database: Database,
  gatewayId: string,
  write: (session: ClientSession, revision: number) => Promise<T>,
): Promise<{ revision: number; result: T }> {
  const once = () =>
    database.client.withSession((session) =>
      session.withTransaction(
        async () => {
          const counter = await countersOf(database, gatewayId).findOneAndUpdate(
            { _id: revisionCounterId },
            { $inc: { value: 1 } },
            { upsert: true, returnDocument: 'after', session },
          )
          if (counter?.layout !== gatewayLayout) throw new LayoutLackingError()
          const result = await write(session, counter.value)
          return { revision: counter.value, result }
        },
        { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', journal: true } },
      ),
    )
  // Two transactions of one gateway always conflict on the counter. Waiting in line inside this process is cheaper than being refused and tried again;
  // other processes are still told apart by MongoDB.
  return inLine(`revision of ${gatewayId}`, async () => {
    try {
      return await once()
    } catch (error) {
      if (!(error instanceof LayoutLackingError)) throw error
      await ensureGatewayLayout(database, gatewayId)
      return once()
    }
  })
}
