import {
  type AuthType,
  type EgressRules,
  type EnvironmentLimits,
  type EnvironmentSettings,
  egressRulesDefault,
  environmentLimitsDefault,
  gatewayCollections,
  type PatchEnvironment,
  type StoredVariables,
  type VariableChange,
} from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { firstRevision, withNextRevision } from '../database/gateway-revision.ts'
import { sentWithin } from '../database/sent-within.ts'
import type { SecretSealer } from '../variables/secret-sealer.ts'
import type { VariableChanged, VariableHistory } from '../variables/variable-history.ts'
import { changeVariables } from '../variables/variable-rules.ts'
import type { VariableStore } from '../variables/variable-store.ts'
import type { EnvironmentStore, StoredEnvironment } from './environment-store.ts'

type Ref = Pick<StoredEnvironment, 'gatewayId' | 'environment'>

/** What runtimes go by, apart from variables. */
export interface Settings {
  authType: AuthType
  limits: EnvironmentLimits
  egress: EgressRules
  /** The data has reached its quota: functions may delete, but write no more. */
  isDatabaseFull: boolean
}

/** The environment's settings, kept alike in `sys_db` and in the gateway's database, where runtimes read them. */
export interface EnvironmentSettingsStore {
  /** Has runtimes find these environments of one gateway; one that is there stays as it is. Not later than `withinMs`. */
  ensure(gatewayId: string, theirs: readonly StoredEnvironment[], withinMs?: number): Promise<void>
  /**
   * What the patch does not name stays as it is. What it names is written even when nothing changes: an earlier call may have been answered "not
   * acknowledged", and this one is to be sure.
   * @param by who is named in the history of the variables.
   * @returns the revision that runtimes have to acknowledge.
   * @throws ENVIRONMENT_NOT_FOUND, INPUT_INVALID for variables beyond what an environment may have; nothing is changed then.
   */
  change(ref: Ref, patch: PatchEnvironment, by: string): Promise<number>
  /**
   * All variables as they were after that version. Written even when nothing changes, as above.
   * @throws VARIABLE_VERSION_NOT_FOUND; nothing is changed then.
   */
  revertVariables(ref: Ref, version: number, by: string): Promise<{ revision: number; changes: VariableChange[] }>
  /** @throws ENVIRONMENT_NOT_FOUND */
  setDatabaseFull(ref: Ref, isDatabaseFull: boolean): Promise<void>
}

/** Of an environment that was made before there were such settings, the defaults. */
export const settingsOf = ({
  authType,
  limits,
  egress,
  isDatabaseFull = false,
}: Pick<StoredEnvironment, 'authType' | 'limits' | 'egress' | 'isDatabaseFull'>): Settings => ({
  authType,
  limits: { ...environmentLimitsDefault, ...limits },
  egress: egress ?? egressRulesDefault,
  isDatabaseFull,
})

export function createEnvironmentSettingsStore(deps: {
  database: Database
  environments: EnvironmentStore
  variables: VariableStore
  variableHistory: Pick<VariableHistory, 'get' | 'add'>
  sealer: Pick<SecretSealer, 'seal'>
}): EnvironmentSettingsStore {
  const { database, environments, variables, variableHistory, sealer } = deps
  const published = (gatewayId: string) => database.gateway(gatewayId).collection<EnvironmentSettings & { _id: string }>(gatewayCollections.environments)

  const write = async ({ gatewayId, environment }: Ref, settings: Settings, revision: number, session: ClientSession) => {
    await published(gatewayId).updateOne({ environment }, { $set: { revision, ...settings }, $setOnInsert: { _id: environment } }, { upsert: true, session })
    await environments.setSettings(gatewayId, environment, { ...settings, revision }, session)
  }
  const writeVariables = async (ref: Ref, changed: VariableChanged, revision: number, session: ClientSession) => {
    await variables.replace(ref, changed.after, revision, session)
    await environments.touch(ref.gatewayId, ref.environment, session)
    return variableHistory.add(ref, changed, session)
  }
  /** A secret that is set to what it is stays as it is stored, so a call that is repeated makes no version of its own. */
  const changed = ({ gatewayId, environment }: Ref, before: StoredVariables, patch: NonNullable<PatchEnvironment['variables']>) =>
    changeVariables(before, patch, (name, text) => {
      const kept = before[name]
      return sealer.seal(gatewayId, environment, name, text, kept && 'secret' in kept ? kept.secret : undefined)
    })

  return {
    async ensure(gatewayId, theirs, withinMs) {
      const ensureOne = (environment: StoredEnvironment) => {
        const { environment: name } = environment
        const fresh = { _id: name, revision: firstRevision, ...settingsOf(environment) }
        return { updateOne: { filter: { environment: name }, update: { $setOnInsert: fresh }, upsert: true } }
      }
      try {
        if (theirs.length > 0) await published(gatewayId).bulkWrite(theirs.map(ensureOne), { ordered: false, ...sentWithin(withinMs) })
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
      }
    },
    async change(ref, { variables: variablesPatch, ...patch }, by) {
      const { revision } = await withNextRevision(database, ref.gatewayId, async (session, revision) => {
        if (Object.keys(patch).length > 0) {
          const before = settingsOf(await environments.get(ref.gatewayId, ref.environment, session))
          await write(ref, changeSettings(before, patch), revision, session)
        }
        if (!variablesPatch) return
        const before = await variables.get(ref, session)
        await writeVariables(ref, { before, after: changed(ref, before, variablesPatch), by }, revision, session)
      })
      return revision
    },
    async revertVariables(ref, version, by) {
      const { revision, result } = await withNextRevision(database, ref.gatewayId, async (session, revision) => {
        const after = await variableHistory.get(ref, version, session)
        return writeVariables(ref, { before: await variables.get(ref, session), after, by, revertedTo: version }, revision, session)
      })
      return { revision, changes: result }
    },
    async setDatabaseFull(ref, isDatabaseFull) {
      await withNextRevision(database, ref.gatewayId, async (session, revision) => {
        const before = settingsOf(await environments.get(ref.gatewayId, ref.environment, session))
        await write(ref, { ...before, isDatabaseFull }, revision, session)
      })
    },
  }
}

const changeSettings = (before: Settings, { authType = before.authType, limits, egress }: Omit<PatchEnvironment, 'variables'>): Settings => ({
  ...before,
  authType,
  limits: { ...before.limits, ...withoutUndefined(limits ?? {}) },
  egress: { ...before.egress, ...withoutUndefined(egress ?? {}) },
})

const withoutUndefined = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [Key in keyof T]: Exclude<T[Key], undefined> }
