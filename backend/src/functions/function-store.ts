import type { EnvironmentName, FunctionLimits, PageQuery } from '@imprun/contracts'
import type { ClientSession, Filter } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { containing, decodeCursor } from '../database/paging.ts'
import type { Caller } from '../http/handlers.ts'
import { hashOfText } from '../publishing/imports/trail.ts'
import { functionNameTaken } from './function-errors.ts'
import { type Methods, parseFunctionReference } from './function-rules.ts'

/** What one environment serves; written with a deployment's SUCCESS only. */
export interface StoredServed {
  releaseId: string
  version: string
  revision: number
  deploymentId: string
  /** Of that deployment, see there. */
  askedRevision?: number
  sourceHash: string
  /** The save it was published from; absent after a promotion or a rollback. */
  sourceRevision?: number
  liveMs?: number
  at: Date
  by: string
}

export interface StoredFunction {
  _id: string
  gatewayId: string
  ownerId: string
  name: string
  /** Rises by one with every save. */
  revision: number
  code: string
  sourceHash: string
  /** Of the text alone, as bundles name what they were made of. Absent in documents from before it was kept. */
  codeHash?: string
  methods?: Methods
  limits: FunctionLimits
  served: Partial<Record<EnvironmentName, StoredServed>>
  /** Before this no deployment that meets others starts there. */
  pacedUntil?: Partial<Record<EnvironmentName, Date>>
  /** Which call with an Idempotency-Key made the revision that it names. */
  lastCall?: { callId: string; revision: number }
  createdAt: Date
  createdBy: Caller
  updatedAt: Date
  updatedBy: Caller
}

/** Lists and events leave out the code: it may be half a megabyte each. */
export type ListedFunction = Omit<StoredFunction, 'code'>

export type ServedFunction = Pick<StoredFunction, '_id' | 'name' | 'served'>

export type FunctionChanges = Pick<StoredFunction, 'code' | 'sourceHash' | 'limits' | 'lastCall' | 'updatedAt' | 'updatedBy'> & {
  methods?: Methods | undefined
}

export interface FunctionStore {
  /** @throws FUNCTION_NAME_TAKEN */
  insert(stored: StoredFunction, session: ClientSession): Promise<void>
  /** By id, by name, or as `<environment>/<name>`; a function whose whole name matches wins. */
  findByReference(gatewayId: string, reference: string): Promise<StoredFunction | undefined>
  findById(functionId: string): Promise<StoredFunction | undefined>
  findListed(functionId: string, session?: ClientSession): Promise<ListedFunction | undefined>
  /** Those that are there. */
  listByIds(functionIds: readonly string[], session?: ClientSession): Promise<ListedFunction[]>
  /** The saved texts of functions and modules, by name; those that are not there are left out. */
  readCodes(gatewayId: string, names: readonly string[], session?: ClientSession): Promise<Map<string, string>>
  /** sha256 of the saved texts, by name; those that are not there are left out. */
  readCodeHashes(gatewayId: string, names: readonly string[]): Promise<Map<string, string>>
  /** What dev serves, of every function that it serves. */
  listServedInDev(gatewayId: string): Promise<{ functionId: string; releaseId: string }[]>
  /** What every function of the gateway, or the one of that name, is served as. */
  listServed(gatewayId: string, one?: { name: string; session: ClientSession }): Promise<ServedFunction[]>
  /** The saved text of one function or module. */
  findCode(gatewayId: string, name: string): Promise<string | undefined>
  listNames(gatewayId: string): Promise<string[]>
  /** By name; one more than the limit when there is a next page. */
  list(gatewayId: string, query: PageQuery): Promise<ListedFunction[]>
  /** Compare-and-set on the revision. @returns undefined when it is no longer `revision`. */
  save(functionId: string, revision: number, changes: FunctionChanges, session?: ClientSession): Promise<StoredFunction | undefined>
  /** Keeps what is there when it is newer. */
  recordServed(functionId: string, environment: EnvironmentName, served: StoredServed, session: ClientSession): Promise<void>
  /** The environment serves it no more. */
  forgetServed(functionId: string, environment: EnvironmentName, session: ClientSession): Promise<void>
  /** Deployments of the function meet each other there. */
  pace(functionId: string, environment: EnvironmentName, until: Date, session: ClientSession): Promise<void>
  remove(functionId: string, session: ClientSession): Promise<void>
  removeAll(gatewayId: string): Promise<void>
}

function withoutUndefined({ methods, ...changes }: FunctionChanges): Partial<StoredFunction> {
  return methods ? { ...changes, methods } : changes
}

export function createFunctionStore(database: Database): FunctionStore {
  const functions = database.sys.collection<StoredFunction>('functions')
  return {
    async insert(stored, session) {
      try {
        await functions.insertOne({ ...stored, codeHash: hashOfText(stored.code) }, { session })
      } catch (error) {
        throw isDuplicateKey(error) ? functionNameTaken(stored.name) : error
      }
    },
    async findByReference(gatewayId, reference) {
      const { whole, inEnvironment } = parseFunctionReference(reference)
      const names = inEnvironment ? [whole, inEnvironment.name] : [whole]
      const found = await functions.find({ gatewayId, $or: [{ _id: whole }, { name: { $in: names } }] }).toArray()
      return found.find(({ _id, name }) => _id === whole || name === whole) ?? found[0]
    },
    findById: async (functionId) => (await functions.findOne({ _id: functionId })) ?? undefined,
    async findListed(functionId, session) {
      const found = await functions.findOne<ListedFunction>({ _id: functionId }, { projection: { code: 0 }, ...(session ? { session } : {}) })
      return found ?? undefined
    },
    listByIds: (functionIds, session) =>
      functions
        .find({ _id: { $in: [...functionIds] } }, session ? { session } : {})
        .project<ListedFunction>({ code: 0 })
        .toArray(),
    async readCodes(gatewayId, names, session) {
      const options = { projection: { name: 1, code: 1 }, ...(session ? { session } : {}) }
      const found = await functions.find<Pick<StoredFunction, 'name' | 'code'>>({ gatewayId, name: { $in: [...names] } }, options).toArray()
      return new Map(found.map(({ name, code }) => [name, code]))
    },
    async readCodeHashes(gatewayId, names) {
      const code = { $cond: [{ $gt: ['$codeHash', null] }, '$$REMOVE', '$code'] }
      const found = await functions
        .find({ gatewayId, name: { $in: [...names] } })
        .project<Pick<StoredFunction, 'name' | 'codeHash'> & { code?: string }>({ name: 1, codeHash: 1, code })
        .toArray()
      return new Map(found.map(({ name, codeHash, code = '' }) => [name, codeHash ?? hashOfText(code)]))
    },
    async listServedInDev(gatewayId) {
      const found = await functions
        .find({ gatewayId, 'served.dev': { $exists: true } })
        .project<Pick<StoredFunction, '_id' | 'served'>>({ 'served.dev.releaseId': 1 })
        .toArray()
      return found.map(({ _id, served }) => ({ functionId: _id, releaseId: served.dev?.releaseId ?? '' }))
    },
    listServed: (gatewayId, one) =>
      functions
        .find({ gatewayId, ...(one ? { name: one.name } : {}) }, one ? { session: one.session } : {})
        .project<ServedFunction>({ name: 1, served: 1 })
        .toArray(),
    async findCode(gatewayId, name) {
      return (await functions.findOne<Pick<StoredFunction, 'code'>>({ gatewayId, name }, { projection: { code: 1 } }))?.code
    },
    listNames: (gatewayId) => functions.distinct('name', { gatewayId }),
    list(gatewayId, { limit, cursor, filter }) {
      const conditions: Filter<StoredFunction>[] = [{ gatewayId }]
      if (cursor) conditions.push({ name: { $gt: decodeCursor(cursor) } })
      if (filter) conditions.push({ name: containing(filter) })
      return functions
        .find({ $and: conditions })
        .sort({ name: 1 })
        .limit(limit + 1)
        .project<ListedFunction>({ code: 0 })
        .toArray()
    },
    async save(functionId, revision, changes, session) {
      const update = { $set: { ...withoutUndefined(changes), codeHash: hashOfText(changes.code) }, $inc: { revision: 1 } }
      const saved = await functions.findOneAndUpdate({ _id: functionId, revision }, update, { returnDocument: 'after', ...(session ? { session } : {}) })
      return saved ?? undefined
    },
    async recordServed(functionId, environment, served, session) {
      const field = `served.${environment}`
      const older = { $or: [{ [`${field}.revision`]: { $lt: served.revision } }, { [field]: { $exists: false } }] }
      await functions.updateOne({ _id: functionId, ...older } as Filter<StoredFunction>, { $set: { [field]: served } as Record<string, unknown> }, { session })
    },
    async forgetServed(functionId, environment, session) {
      await functions.updateOne({ _id: functionId }, { $unset: { [`served.${environment}`]: '' as const } }, { session })
    },
    async pace(functionId, environment, until, session) {
      await functions.updateOne({ _id: functionId }, { $set: { [`pacedUntil.${environment}`]: until } as Record<string, Date> }, { session })
    },
    async remove(functionId, session) {
      await functions.deleteOne({ _id: functionId }, { session })
    },
    async removeAll(gatewayId) {
      await functions.deleteMany({ gatewayId })
    },
  }
}
