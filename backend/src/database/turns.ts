import type { ClientSession } from 'mongodb'
import { inLine } from '../platform/lines.ts'
import type { Database } from './database.ts'

/** One after the other, whichever backend does it: what looks at several documents that belong to one owner before it writes others. */
export interface Turns {
  /** @param work a transaction of its own; runs again after a conflict, so it does nothing but read and write with the session. @throws what `work` throws */
  take<Made>(ownerId: string, work: (session: ClientSession) => Promise<Made>): Promise<Made>
}

/** One for each owner. Two transactions that both write it cannot both be committed. */
interface Turn {
  _id: string
  taken: number
}

export function createTurns(database: Pick<Database, 'client' | 'sys'>): Turns {
  const turns = database.sys.collection<Turn>('turns')
  return {
    take(ownerId, work) {
      const once = async (session: ClientSession) => {
        await turns.updateOne({ _id: ownerId }, { $inc: { taken: 1 } }, { upsert: true, session })
        return work(session)
      }
      // To wait here is cheaper than to be refused by MongoDB and tried again.
      return inLine(`turns of ${ownerId}`, () => database.client.withSession((session) => session.withTransaction(() => once(session), asOfNow)))
    },
  }
}

const asOfNow = { readConcern: { level: 'snapshot' } } as const
