import { gatewayCollections, revisionCounterId } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Database } from './database.ts'

interface Counter {
  _id: string
  value: number
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
  return inTurn(gatewayId, () =>
    database.client.withSession((session) =>
      session.withTransaction(
        async () => {
          const counter = await database
            .gateway(gatewayId)
            .collection<Counter>(gatewayCollections.counters)
            .findOneAndUpdate({ _id: revisionCounterId }, { $inc: { value: 1 } }, { upsert: true, returnDocument: 'after', session })
          if (!counter) throw new Error(`The revision counter of gateway ${gatewayId} was not answered.`)
          const result = await write(session, counter.value)
          return { revision: counter.value, result }
        },
        { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', journal: true } },
      ),
    ),
  )
}

// Two transactions of one gateway always conflict on the counter. Waiting in line inside this process is cheaper than being refused and tried again;
// other processes are still told apart by MongoDB.
const lines = new Map<string, Promise<unknown>>()

async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = lines.get(key)
  const mine = (async () => {
    await before?.catch(() => {})
    return work()
  })()
  lines.set(key, mine)
  try {
    return await mine
  } finally {
    if (lines.get(key) === mine) lines.delete(key)
  }
}
