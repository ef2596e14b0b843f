import { BSON, type Collection, MongoClient, type MongoClientOptions } from 'mongodb'
import { type AccessRules, createAccessRules } from './access-rules.ts'
import { Cursors } from './cursors.ts'
import { DataAccessRefused } from './data-error.ts'
import { checkValues, exactTypes, type OperationValues, operations, readOptions } from './operations.ts'

/** What one function version may do with its environment's data. */
export interface DataSession {
  /**
   * @param bytes the operation's arguments as one BSON document
   * @param maxTimeMs what the server may work on it at most
   * @returns the result as BSON: one document { value }, or for cursors documents one after the other
   * @throws anything; `describeDataError` makes of it what the function may know
   */
  run(operation: string, collection: string, bytes: Uint8Array, maxTimeMs: number): Promise<Uint8Array>
  /** Closes the cursors that are still open. */
  close(): void
}
export interface DataAccess {
  openSession(): DataSession
}

const poolSizeMax = 20
/** Shorter than most functions may run, so that an author learns that the database is away and not only that time ran out. */
const serverSelectionTimeoutMs = 5_000

/** The environment's database, with one client for the whole process that connects when a function first asks for something. */
export function createDataAccess(uri: string, database: string): DataAccess {
  const rules = createAccessRules(database)
  let client: MongoClient | undefined
  const collectionNamed = (name: string): Collection => {
    client ??= new MongoClient(uri, toClientOptions(uri))
    return client.db(database).collection(name)
  }
  return {
    openSession() {
      const cursors = new Cursors()
      return { run: (...request) => run(rules, collectionNamed, cursors, ...request), close: () => cursors.closeAll() }
    },
  }
}

/** What the URI itself says wins. */
function toClientOptions(uri: string): MongoClientOptions {
  const given = new URLSearchParams(uri.split('?')[1])
  return {
    appName: 'imprun-worker',
    ...(given.has('maxPoolSize') ? {} : { maxPoolSize: poolSizeMax }),
    ...(given.has('serverSelectionTimeoutMS') ? {} : { serverSelectionTimeoutMS: serverSelectionTimeoutMs }),
  }
}

async function run(
  rules: AccessRules,
  collectionNamed: (name: string) => Collection,
  cursors: Cursors,
  operation: string,
  name: string,
  bytes: Uint8Array,
  maxTimeMs: number,
): Promise<Uint8Array> {
  const values: OperationValues = BSON.deserialize(bytes, exactTypes)
  if (operation === 'more') return cursors.readMore(Number(values.cursor))
  if (operation === 'close') {
    await cursors.close(Number(values.cursor))
    return BSON.serialize({ value: null })
  }
  rules.checkCollection(name)
  checkValues(values, rules)
  const options = readOptions(values.options, rules, maxTimeMs)
  const collection = collectionNamed(name)
  if (operation === 'find' || operation === 'aggregate') {
    const cursor =
      operation === 'find'
        ? collection.find((values.filter ?? {}) as BSON.Document, { ...options, raw: true })
        : collection.aggregate(values.pipeline as BSON.Document[], { ...options, raw: true })
    return values.isWhole === true ? cursors.readWhole(cursor) : cursors.open(cursor)
  }
  const runOperation = Object.hasOwn(operations, operation) ? operations[operation] : undefined
  if (runOperation === undefined) throw new DataAccessRefused(`Operation ${operation.slice(0, 80)} is not open to functions.`)
  return BSON.serialize({ value: await runOperation(collection, values, options) })
}
