import { type EnvironmentName, ImprunError, type PageQuery, type StoredVariables, type VariableChange, variableVersionsMax } from '@imprun/contracts'
import type { ClientSession, Filter } from 'mongodb'
import type { Database } from '../database/database.ts'
import { decodeCursor } from '../database/paging.ts'
import type { Clock } from '../platform/clock.ts'
import type { SecretSealer } from './secret-sealer.ts'
import { changesBetween, isSecret } from './variable-rules.ts'

interface Ref {
  gatewayId: string
  environment: EnvironmentName
}
/** A version as it is listed. */
export interface ListedVersion extends Ref {
  /** `<gatewayId>/<environment>/<version>` */
  _id: string
  version: number
  at: Date
  by: string
  changes: VariableChange[]
  revertedTo?: number
}
/** All variables as they are since then. Secrets are sealed, and so is what became one later. */
interface StoredVersion extends ListedVersion {
  variables: StoredVariables
}

export interface VariableChanged {
  before: StoredVariables
  after: StoredVariables
  by: string
  revertedTo?: number
}

/** What the variables of environments were, so that a change can be taken back. Kept in `sys_db` alone: runtimes go by what is. */
export interface VariableHistory {
  /** Newest first; one more than the limit when there is a next page. */
  list(ref: Ref, query: Pick<PageQuery, 'limit' | 'cursor'>): Promise<ListedVersion[]>
  /** @throws VARIABLE_VERSION_NOT_FOUND for one that is not kept any more, or never was */
  get(ref: Ref, version: number, session: ClientSession): Promise<StoredVariables>
  /** Part of the transaction that changes the variables. A change that changes nothing is no version. @returns what has changed */
  add(ref: Ref, changed: VariableChanged, session: ClientSession): Promise<VariableChange[]>
  removeAll(gatewayId: string): Promise<void>
}

export function createVariableHistory(deps: { database: Database; sealer: Pick<SecretSealer, 'seal'>; clock: Clock }): VariableHistory {
  const { database, sealer, clock } = deps
  const versions = database.sys.collection<StoredVersion>('variableVersions')

  const insert = async ({ gatewayId, environment }: Ref, made: Pick<StoredVersion, 'version' | 'by' | 'changes' | 'variables'>, session: ClientSession) => {
    await versions.insertOne({ _id: `${gatewayId}/${environment}/${made.version}`, gatewayId, environment, at: clock.now(), ...made }, { session })
  }
  /** A plain value may be why its variable is made a secret, so no version keeps it readable. */
  const sealOlder = async ({ gatewayId, environment }: Ref, names: readonly string[], session: ClientSession) => {
    const isPlain = names.map((name) => ({ [`variables.${name}.value`]: { $exists: true } }))
    const older = await versions.find({ gatewayId, environment, $or: isPlain } as Filter<StoredVersion>, { session }).toArray()
    if (older.length === 0) return
    const sealed = ({ variables }: StoredVersion) =>
      names.flatMap((name) => {
        const kept = variables[name]
        return kept && 'value' in kept ? [[`variables.${name}`, { secret: sealer.seal(gatewayId, environment, name, kept.value) }]] : []
      })
    await versions.bulkWrite(
      older.map((version) => ({ updateOne: { filter: { _id: version._id }, update: { $set: Object.fromEntries(sealed(version)) } } })),
      { session },
    )
  }

  return {
    list: ({ gatewayId, environment }, { limit, cursor }) =>
      versions
        .find({ gatewayId, environment, ...(cursor === undefined ? {} : { version: { $lt: Number(decodeCursor(cursor)) } }) })
        .sort({ version: -1 })
        .limit(limit + 1)
        .project<ListedVersion>({ variables: 0 })
        .toArray(),
    async get({ gatewayId, environment }, version, session) {
      const found = await versions.findOne({ gatewayId, environment, version }, { session })
      if (!found) throw versionNotFound({ gatewayId, environment }, version)
      return found.variables
    },
    async add(ref, { before, after, ...facts }, session) {
      const { gatewayId, environment } = ref
      const changes = changesBetween(before, after)
      if (changes.length === 0) return changes
      const newest = await versions.findOne({ gatewayId, environment }, { sort: { version: -1 }, projection: { version: 1 }, session })
      let version = (newest?.version ?? 0) + 1
      // Of variables that are older than their history.
      const found = newest ? [] : changesBetween({}, before)
      if (found.length > 0) await insert(ref, { version: version++, by: 'imprun', changes: found, variables: before }, session)
      const hidden = Object.keys(after).filter((name) => isSecret(after[name]) && !isSecret(before[name]))
      if (hidden.length > 0) await sealOlder(ref, hidden, session)
      await insert(ref, { version, changes, variables: after, ...facts }, session)
      const oldest = version - variableVersionsMax + 1
      if (oldest > 1) await versions.deleteMany({ gatewayId, environment, version: { $lt: oldest } }, { session })
      return changes
    },
    async removeAll(gatewayId) {
      await versions.deleteMany({ gatewayId })
    },
  }
}

const versionNotFound = ({ gatewayId, environment }: Ref, version: number) =>
  new ImprunError(
    'VARIABLE_VERSION_NOT_FOUND',
    `There is no version ${version} of the variables of ${gatewayId}/${environment}. The newest ${variableVersionsMax} are kept; choose one that is listed.`,
  )
