import type { ClientSession, Document } from 'mongodb'
import { readOne } from '../../sandbox/bson/bson-reader.ts'
import type { AccessRules } from './access-rules.ts'
import { collectionOperations, databaseOperations } from './collection-operations.ts'
import { Cursors } from './cursors.ts'
import { DataAccessRefused } from './data-error.ts'
import type { Database } from './database.ts'
import { Deadlines } from './deadlines.ts'
import { checkValues, documentOperations, type Operation, type OperationValues } from './operations.ts'
import { readOptions, readTransactionOptions } from './options.ts'
import { joinToPayload, type Payload, toPayload } from './payload.ts'
import { Sessions, sessionOperations } from './sessions.ts'

/** One operation that a function asks for. Everything in it may be made up. */
export interface DataRequest {
  operation: string
  collection: string
  /** The operation's arguments as one BSON document. */
  payload: Payload
  /** The guest's number of the call that it belongs to. */
  call: unknown
  /** How long that call may still take. */
  leftMs: number
}

/** What one function version may do with its environment's data. */
export interface DataSession {
  /**
   * @returns the result as BSON: one document { value }, or for cursors documents one after the other
   * @throws anything; `describeDataError` makes of it what the function may know
   */
  run(request: DataRequest): Promise<Payload>
  /** Closes the cursors and sessions that are still open. */
  close(): void
}

export interface DataSessionDependencies {
  database: Database
  rules: AccessRules
  isCallOpen(call: unknown): boolean
}

/** The guest bounds itself as well; this one holds even if an author got past that. */
const operationsMax = 1000
/** Of what is left for the call: the server stops first, so that its own error says so, and the waiting ends before the caller's patience. */
const serverShare = 0.75
const waitShare = 0.9
const serverMarginMsMax = 300
const waitMarginMsMax = 100

type Find = (request: Step) => Promise<Payload>
interface Step {
  values: OperationValues
  collection: string
  call: unknown
  options: Document
}

export function createDataSession({ database, rules, isCallOpen }: DataSessionDependencies): DataSession {
  const cursors = new Cursors(isCallOpen)
  const sessions = new Sessions(() => database.client, isCallOpen)
  const deadlines = new Deadlines()

  const reads: Readonly<Record<string, Find>> = {
    async findOne({ values, collection, options }) {
      const found = await database.collection(collection).findOne(values.filter as Document, { ...options, raw: true })
      return found === null ? '' : joinToPayload([found as unknown as Uint8Array])
    },
    find({ values, collection, options, call }) {
      const cursor = database.collection(collection).find(values.filter as Document, { ...options, raw: true })
      return values.isWhole === true ? cursors.readWhole(cursor) : cursors.open(cursor, call)
    },
    aggregate({ values, collection, options, call }) {
      const cursor = database.collection(collection).aggregate(values.pipeline as Document[], { ...options, raw: true })
      return values.isWhole === true ? cursors.readWhole(cursor) : cursors.open(cursor, call)
    },
  }
  const answer = async (run: Operation, { values, collection, options }: Step): Promise<Payload> => {
    const target = { database: database.db, collection: database.collection(collection), values, options, rules }
    return toPayload({ value: await run(target) })
  }
  const start = (request: DataRequest, values: OperationValues, session: ClientSession | undefined): Promise<Payload> => {
    const { operation, collection, call, leftMs } = request
    const options = readOptions(values.options, rules, Math.max(1, Math.round(Math.max(leftMs * serverShare, leftMs - serverMarginMsMax))))
    if (session !== undefined) options.session = session
    const step = { values, collection, call, options }
    const onDatabase = own(databaseOperations, operation)
    if (onDatabase !== undefined) return answer(onDatabase, step)
    rules.checkCollection(collection)
    checkValues(values, rules)
    const read = own(reads, operation)
    if (read !== undefined) return read(step)
    const run = own(documentOperations, operation) ?? own(collectionOperations, operation)
    if (run === undefined) throw new DataAccessRefused(`Operation ${operation.slice(0, 80)} is not open to functions.`)
    return answer(run, step)
  }
  const proceed = async (request: DataRequest): Promise<Payload> => {
    const values = readOne(request.payload, 'exact')
    const { operation, call } = request
    if (operation === 'more') return cursors.readMore(Number(values.cursor))
    if (operation === 'close') return cursors.close(Number(values.cursor)).then(nothing)
    if (values.session === undefined) return start(request, values, undefined)
    const number = Number(values.session)
    if (operation === 'endSession') return sessions.end(number).then(nothing)
    const change = own(sessionOperations, operation)
    return sessions.use(number, call, (session) =>
      change === undefined ? start(request, values, session) : change(session, readTransactionOptions(values.options, rules)).then(nothing),
    )
  }
  return {
    async run(request) {
      if (deadlines.waitingCount >= operationsMax) throw new RangeError(`At most ${operationsMax} database operations may wait at the same time.`)
      return deadlines.within(Math.max(request.leftMs * waitShare, request.leftMs - waitMarginMsMax), proceed(request))
    },
    close() {
      cursors.closeAll()
      sessions.endAll()
    },
  }
}

const nothing = (): Payload => toPayload({ value: null })

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
