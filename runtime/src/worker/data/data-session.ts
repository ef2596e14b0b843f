import type { ClientSession, Document } from 'mongodb'
import { readOne } from '../../sandbox/bson/bson-reader.ts'
import type { AccessRules } from './access-rules.ts'
import { collectionOperations, databaseOperations } from './collection-operations.ts'
import { Cursors } from './cursors.ts'
import { DataAccessRefused } from './data-error.ts'
import type { Database } from './database.ts'
import { Deadlines } from './deadlines.ts'
import { findOneRaw } from './find-one.ts'
import { GatheredResults } from './gathered-results.ts'
import { refuseGrowth } from './growth.ts'
import { checkValues, documentOperations, type OperationValues } from './operations.ts'
import { readOptions, readTransactionOptions } from './options.ts'
import { joinToPayload, type Payload, toPayload } from './payload.ts'
import { Sessions, sessionOperations } from './sessions.ts'

/** One operation that a function asks for. Everything in it may be made up. */
export interface DataRequest {
  /** One BSON document: `operation`, `collection` and what else the operation takes. */
  payload: Payload
  /** The guest's number of the call that it belongs to. */
  call: unknown
  /** How long that call may still take. */
  leftMs: number
}

/** What one function version may do with its environment's data. */
export interface DataSession {
  /** On their way into the function. */
  readonly results: GatheredResults
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
  /** Whether what would make the data larger is refused at the moment. */
  isFull(): boolean
  isCallOpen(call: unknown): boolean
}

/** The guest bounds itself as well; this one holds even if an author got past that. */
const operationsMax = 1000
/** Of what is left for the call: the server stops first, so that its own error says so, and the waiting ends before the caller's patience. */
const serverShare = 0.75
const waitShare = 0.9
const serverMarginMsMax = 300
const waitMarginMsMax = 100

/** A request that was read and may be tried. `options` hold the session, if there is one. */
interface Step {
  operation: string
  collection: string
  values: OperationValues
  options: Document
  call: unknown
}

export class DriverSession implements DataSession {
  readonly results = new GatheredResults()
  readonly #database: Database
  readonly #rules: AccessRules
  readonly #isFull: () => boolean
  readonly #cursors: Cursors
  readonly #sessions: Sessions
  readonly #deadlines = new Deadlines()

  constructor({ database, rules, isFull, isCallOpen }: DataSessionDependencies) {
    this.#database = database
    this.#rules = rules
    this.#isFull = isFull
    this.#cursors = new Cursors(isCallOpen)
    this.#sessions = new Sessions(() => database.client, isCallOpen)
  }

  run(request: DataRequest): Promise<Payload> {
    const { leftMs } = request
    if (this.#deadlines.waitingCount >= operationsMax)
      return Promise.reject(new RangeError(`At most ${operationsMax} database operations may wait at the same time.`))
    return this.#deadlines.within(Math.max(leftMs * waitShare, leftMs - waitMarginMsMax), this.#proceed(request))
  }
  close(): void {
    this.#cursors.closeAll()
    this.#sessions.endAll()
  }

  async #proceed({ payload, call, leftMs }: DataRequest): Promise<Payload> {
    const values = readOne(payload, 'exact')
    const operation = String(values.operation)
    if (operation === 'more') return this.#cursors.readMore(Number(values.cursor))
    if (operation === 'close') return this.#cursors.close(Number(values.cursor)).then(nothing)
    const number = Number(values.session)
    if (operation === 'endSession') return this.#sessions.end(number).then(nothing)
    const start = (session?: ClientSession): Promise<Payload> => {
      const change = own(sessionOperations, operation)
      if (change !== undefined && session !== undefined) return change(session, readTransactionOptions(values.options, this.#rules)).then(nothing)
      const options = readOptions(values.options, this.#rules, Math.max(1, Math.round(Math.max(leftMs * serverShare, leftMs - serverMarginMsMax))))
      if (session !== undefined) options.session = session
      return this.#start({ operation, collection: String(values.collection), values, options, call })
    }
    return values.session === undefined ? start() : this.#sessions.use(number, call, start)
  }
  #start(step: Step): Promise<Payload> {
    const { operation, collection, values, options } = step
    const rules = this.#rules
    if (this.#isFull()) refuseGrowth(operation, values)
    const onDatabase = own(databaseOperations, operation)
    if (onDatabase !== undefined) return onDatabase({ database: this.#database.db, values, options, rules }).then(toAnswer)
    rules.checkCollection(collection)
    checkValues(values, rules)
    if (operation === 'findOne') return this.#findOne(step)
    if (operation === 'find' || operation === 'aggregate') return this.#openCursor(step)
    const run = own(documentOperations, operation) ?? own(collectionOperations, operation)
    if (run === undefined) throw new DataAccessRefused(`Operation ${operation.slice(0, 80)} is not open to functions.`)
    return run({ database: this.#database.db, collection: this.#database.collection(collection), values, options, rules }).then(toAnswer)
  }
  async #findOne({ collection, values, options }: Step): Promise<Payload> {
    const found = await findOneRaw(this.#database.db, this.#database.collection(collection), values.filter, options)
    return found === null ? '' : joinToPayload([found])
  }
  #openCursor({ operation, collection, values, options, call }: Step): Promise<Payload> {
    const on = this.#database.collection(collection)
    const raw = { ...options, raw: true }
    const cursor = operation === 'find' ? on.find(values.filter as Document, raw) : on.aggregate(values.pipeline as Document[], raw)
    return values.isWhole === true ? this.#cursors.readWhole(cursor) : this.#cursors.open(cursor, call)
  }
}

const toAnswer = (value: unknown): Payload => toPayload({ value })
const nothing = (): Payload => toAnswer(null)

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
