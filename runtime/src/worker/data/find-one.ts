import { type Collection, type Db, type Document, MongoNetworkError, MongoServerError } from 'mongodb'

/** Of the server: it goes away, or has just ceased to be the primary. The driver asks again for the same ones (specification of retryable reads). */
const passingCodes = new Set<unknown>([6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436])

/**
 * The first document of a filter, as the bytes that MongoDB sent. What most functions ask most often, a filter and nothing else, goes as a bare command: for
 * its own `findOne` the driver makes a cursor, a sixth of the processor's time that a call takes (measured). What fails for a moment is asked again by the driver's own.
 * @param options of the driver, with `maxTimeMS`
 */
export async function findOneRaw(db: Db, collection: Collection, filter: unknown, options: Document): Promise<Uint8Array | null> {
  if (isPlain(filter) && Object.keys(options).length === 1 && collection.readConcern === undefined) {
    try {
      return await findByCommand(db, collection, filter, options)
    } catch (error) {
      if (!isPassing(error)) throw error
    }
  }
  return (await collection.findOne(filter as Document, { ...options, raw: true })) as Uint8Array | null
}

async function findByCommand(db: Db, { collectionName, readPreference }: Collection, filter: Document, { maxTimeMS }: Document): Promise<Uint8Array | null> {
  const command = { find: collectionName, filter, limit: 1, singleBatch: true, maxTimeMS }
  const { cursor } = await db.command(command, { fieldsAsRaw: { firstBatch: true }, ...(readPreference === undefined ? {} : { readPreference }) })
  return cursor.firstBatch[0] ?? null
}

/** No list and no value of BSON: what the driver makes of those is its business. */
function isPlain(filter: unknown): filter is Document {
  return typeof filter === 'object' && filter !== null && !Array.isArray(filter) && !('_bsontype' in filter)
}

function isPassing(error: unknown): boolean {
  return error instanceof MongoNetworkError || (error instanceof MongoServerError && passingCodes.has(error.code))
}
