import type { FunctionLimits, PageQuery, ScheduleRule } from '@imprun/contracts'
import type { ClientSession, Filter } from 'mongodb'
import type { Database } from '../database/database.ts'
import { decodeCursor } from '../database/paging.ts'
import type { Methods } from '../functions/function-rules.ts'
import type { Caller } from '../http/handlers.ts'
import type { BundledPackages, ImportedFile } from '../publishing/imports/bundled.ts'

/** Immutable: nothing here is ever updated; retention removes whole ones. */
export interface StoredRelease {
  _id: string
  gatewayId: string
  functionId: string
  functionName: string
  /** 1, 2, 3 ... per function: the order of releases, which neither ids of several backends nor clocks would tell. */
  sequence: number
  version: string
  notes?: string
  /** sha256 of `code`, hex. */
  hash: string
  /** Of source and settings: equal hashes would make the same release. */
  sourceHash: string
  source: string
  code: string
  sourceMap: string
  /** Absent where nothing was imported. */
  imports?: ImportedFile[]
  packages?: BundledPackages
  /** When it runs by itself. */
  schedule?: ScheduleRule
  /** Names of those that an environment has to have. */
  variables?: string[]
  methods?: Methods
  limits: FunctionLimits
  createdAt: Date
  createdBy: Caller
}
export type ListedRelease = Omit<StoredRelease, 'source' | 'code' | 'sourceMap' | 'imports'> & { imports?: Omit<ImportedFile, 'source'>[] }

export type ReleaseImports = Pick<StoredRelease, 'functionName'> & { imports: Pick<ImportedFile, 'file' | 'hash'>[] }

export interface ReleaseStore {
  /** @throws a duplicate-key error when its place in the sequence is taken. */
  insert(release: StoredRelease, session: ClientSession): Promise<void>
  find(releaseId: string): Promise<StoredRelease | undefined>
  /** Whole, by id; those that are not there are left out. */
  findMany(releaseIds: readonly string[]): Promise<Map<string, StoredRelease>>
  /** Without bodies, by id; those that are not there are left out. */
  listByIds(releaseIds: readonly string[], session?: ClientSession): Promise<Map<string, ListedRelease>>
  findLatest(functionId: string): Promise<ListedRelease | undefined>
  /** Whether a release of the gateway was ever bundled with this file. */
  isImported(gatewayId: string, file: string): Promise<boolean>
  /** Those among the releases that were bundled with another text of this file than the given one. */
  listOutdated(releaseIds: readonly string[], file: string, hash: string): Promise<ListedRelease[]>
  /** The gateway's own files in the bundles of those that have any. */
  listImports(releaseIds: readonly string[]): Promise<ReleaseImports[]>
  /** sha256 of the code of each, by release id. */
  listHashes(releaseIds: readonly string[]): Promise<Map<string, string>>
  /** Newest first; one more than the limit when there is a next page. */
  list(functionId: string, query: PageQuery): Promise<ListedRelease[]>
  /** Ids of those that are older than the newest `keep`, the oldest first. */
  listBeyond(functionId: string, wanted: { keep: number; except: readonly string[]; limit: number }, session?: ClientSession): Promise<string[]>
  removeMany(releaseIds: readonly string[], session: ClientSession): Promise<void>
  removeAll(gatewayId: string): Promise<void>
}

const withoutBodies = { source: 0, code: 0, sourceMap: 0, 'imports.source': 0 } as const

export function createReleaseStore(database: Database): ReleaseStore {
  const releases = database.sys.collection<StoredRelease>('releases')
  return {
    async insert(release, session) {
      await releases.insertOne(release, { session })
    },
    find: async (releaseId) => (await releases.findOne({ _id: releaseId })) ?? undefined,
    async findMany(releaseIds) {
      const found = await releases.find({ _id: { $in: [...releaseIds] } }).toArray()
      return new Map(found.map((release) => [release._id, release]))
    },
    async listByIds(releaseIds, session) {
      const found = await releases
        .find({ _id: { $in: [...releaseIds] } }, session ? { session } : {})
        .project<ListedRelease>(withoutBodies)
        .toArray()
      return new Map(found.map((release) => [release._id, release]))
    },
    async findLatest(functionId) {
      return (await releases.findOne<ListedRelease>({ functionId }, { sort: { sequence: -1 }, projection: withoutBodies })) ?? undefined
    },
    async isImported(gatewayId, file) {
      return (await releases.findOne({ gatewayId, 'imports.file': file }, { projection: { _id: 1 } })) !== null
    },
    listOutdated: (releaseIds, file, hash) =>
      releases
        .find({ _id: { $in: [...releaseIds] }, imports: { $elemMatch: { file, hash: { $ne: hash } } } })
        .project<ListedRelease>(withoutBodies)
        .toArray(),
    listImports: (releaseIds) =>
      releases
        .find({ _id: { $in: [...releaseIds] }, 'imports.file': { $exists: true } })
        .project<ReleaseImports>({ functionName: 1, 'imports.file': 1, 'imports.hash': 1 })
        .toArray(),
    async listHashes(releaseIds) {
      const found = await releases
        .find({ _id: { $in: [...releaseIds] } })
        .project<Pick<StoredRelease, '_id' | 'hash'>>({ hash: 1 })
        .toArray()
      return new Map(found.map(({ _id, hash }) => [_id, hash]))
    },
    list(functionId, { limit, cursor }) {
      const filter: Filter<StoredRelease> = { functionId }
      if (cursor) filter.sequence = { $lt: Number(decodeCursor(cursor)) || 0 }
      return releases
        .find(filter)
        .sort({ sequence: -1 })
        .limit(limit + 1)
        .project<ListedRelease>(withoutBodies)
        .toArray()
    },
    async listBeyond(functionId, { keep, except, limit }, session) {
      const options = { projection: { sequence: 1 }, ...(session ? { session } : {}) }
      const oldestKept = await releases.findOne({ functionId }, { ...options, sort: { sequence: -1 }, skip: keep - 1 })
      if (!oldestKept) return []
      const older = { functionId, sequence: { $lt: oldestKept.sequence }, _id: { $nin: [...except] } }
      const found = await releases.find(older, options).sort({ sequence: 1 }).limit(limit).toArray()
      return found.map(({ _id }) => _id)
    },
    async removeMany(releaseIds, session) {
      await releases.deleteMany({ _id: { $in: [...releaseIds] } }, { session })
    },
    async removeAll(gatewayId) {
      await releases.deleteMany({ gatewayId })
    },
  }
}
