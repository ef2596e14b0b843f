import type { Database } from '../../src/database/database.ts'
import { isDuplicateKey } from '../../src/database/errors.ts'

interface Effect {
  _id: string
  fence: number
}

export const fencedEffects = (database: Database) => database.sys.collection<Effect>('fencedEffects')

/** What a fenced resource does: it takes the word of the newest holder and of no older one. @returns whether the effect took place */
export async function applyFenced(database: Database, id: string, fence: number): Promise<boolean> {
  try {
    await fencedEffects(database).updateOne({ _id: id, fence: { $lt: fence } }, { $set: { fence } }, { upsert: true })
    return true
  } catch (error) {
    // It is there with this fence or a newer one, so the insertion met its id.
    if (isDuplicateKey(error)) return false
    throw error
  }
}
