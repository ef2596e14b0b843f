import {
  type AuthType,
  type Bundle,
  type EgressRules,
  type EnvironmentLimits,
  type EnvironmentName,
  environmentNames,
  type Protection,
  type State,
} from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Database } from '../database/database.ts'
import type { DatabaseLayout } from '../database/gateway-databases.ts'
import { firstRevision } from '../database/gateway-revision.ts'
import { epoch, newPhaseDocument, nudge, type PhaseDocument, retry, untilNudged } from '../phases/phase-document.ts'
import { newId } from '../platform/ids.ts'
import { readInBatches } from '../platform/in-batches.ts'
import { localRegion } from '../regions/region-store.ts'
import { environmentNotFound } from './environment-errors.ts'
import { beginning, type EnvironmentWishes, followGateway, followPerson, type OwnState } from './environment-wishes.ts'

export interface StoredEnvironment extends PhaseDocument, EnvironmentWishes {
  gatewayId: string
  environment: EnvironmentName
  ownerId: string
  database: DatabaseLayout
  /** Absent in one that was made before there was a choice. */
  regionId?: string
  bundle?: Bundle
  /** The runtime that serves it, or served it last. */
  runtimeId?: string
  authType: AuthType
  /** Absent while nobody has set any. */
  limits?: EnvironmentLimits
  egress?: EgressRules
  /** Absent: it is not. */
  isDatabaseFull?: boolean
  /** The revision of its `__environments` document. */
  settingsRevision: number
  /** The fence of the gateway's holder that last set `state`: one that has lost its claim sets nothing. */
  gatewayFence: number
  held?: { reason: string; at: Date; by: string }
  /** Absent while it never had any. */
  protection?: Protection
  /** Published functions that were found changed by hand, until somebody has seen it. */
  drifted?: { at: Date; functions: string[]; repairedAt?: Date }
}

export interface EnvironmentStore {
  /** In stage order. */
  listOf(gatewayId: string, session?: ClientSession): Promise<StoredEnvironment[]>
  /** Of several gateways, by gateway id, each in stage order. */
  listOfMany(gatewayIds: readonly string[]): Promise<Map<string, StoredEnvironment[]>>
  /** @throws ENVIRONMENT_NOT_FOUND */
  get(gatewayId: string, environment: string, session?: ClientSession): Promise<StoredEnvironment>
  find(gatewayId: string, environment: string): Promise<StoredEnvironment | undefined>
  findById(environmentId: string): Promise<StoredEnvironment | undefined>
  /** Those that are served, or are to be. */
  listToServe(): Promise<StoredEnvironment[]>
  insertAll(environments: readonly StoredEnvironment[], session: ClientSession): Promise<void>
  /** What the gateway's step wants of all its environments; nothing changes when a newer holder of the gateway has spoken. */
  want(gatewayId: string, state: State, gatewayFence: number, options?: { isForced: boolean }): Promise<void>
  /** What a person wants of this one. */
  wantOwn(gatewayId: string, environment: EnvironmentName, ownState: OwnState): Promise<void>
  /**
   * Runtimes find the gateway's environments: those that waited for it are created, or, where they are to run, starting. The latter are looked at when
   * their instances move, or after the wait.
   */
  begin(gatewayId: string, waitMs: number): Promise<void>
  /** Instances of these have moved: environments that wait for them are looked at now. */
  nudgeAll(environmentIds: readonly string[]): Promise<void>
  /** Those of the region that are served by other runtimes than these are started anew. @returns how many */
  moveAway(regionId: string, runtimeIds: readonly string[]): Promise<number>
  setBundle(gatewayId: string, bundle: Bundle): Promise<void>
  retryAll(gatewayId: string): Promise<void>
  retry(gatewayId: string, environment: EnvironmentName): Promise<void>
  setSettings(
    gatewayId: string,
    environment: EnvironmentName,
    settings: { authType: AuthType; limits: EnvironmentLimits; egress: EgressRules; isDatabaseFull: boolean; revision: number },
    session: ClientSession,
  ): Promise<void>
  /** Sets the hold of a rollback, or lifts it; nothing is written when there is none to lift. */
  setHold(gatewayId: string, environment: EnvironmentName, held: StoredEnvironment['held'], session?: ClientSession): Promise<void>
  setProtection(gatewayId: string, environment: EnvironmentName, protection: Protection, session: ClientSession): Promise<void>
  /** Of all gateways. */
  listWithFreezes(): Promise<Pick<StoredEnvironment, 'gatewayId' | 'environment' | 'protection'>[]>
  /** Adds to what was found before and nobody has seen yet. */
  noteDrift(gatewayId: string, environment: EnvironmentName, found: NonNullable<StoredEnvironment['drifted']>): Promise<void>
  forgetDrift(gatewayId: string, environment: EnvironmentName): Promise<void>
  /** Something that belongs to it has changed: whoever shows it looks again. */
  touch(gatewayId: string, environment: EnvironmentName, session: ClientSession): Promise<void>
}

const byStage = (a: StoredEnvironment, b: StoredEnvironment) => environmentNames.indexOf(a.environment) - environmentNames.indexOf(b.environment)

interface NewGateway {
  gatewayId: string
  ownerId: string
  database: DatabaseLayout
  regionId: string
  bundle: Bundle
  fence: number
}

/** The three environments of a new gateway. Each waits until the gateway's step has made the database. */
export const newEnvironments = (gateway: NewGateway, now: Date): StoredEnvironment[] =>
  environmentNames.map((environment) => ({
    _id: newId(),
    gatewayId: gateway.gatewayId,
    environment,
    ownerId: gateway.ownerId,
    database: gateway.database,
    regionId: gateway.regionId,
    bundle: gateway.bundle,
    authType: 'none',
    settingsRevision: firstRevision,
    gatewayState: 'active',
    gatewayFence: gateway.fence,
    ...newPhaseDocument(now, untilNudged),
  }))

/** The phases in which an environment's step may wait for its instances. */
const waitingPhases: StoredEnvironment['phase'][] = ['Starting', 'Stopping', 'Deleting']

/** An environment of the first region may have been made before regions were written down; MongoDB finds what is absent as null. */
const regionsNamed = (regionId: string) => (regionId === localRegion._id ? [regionId, null as never] : [regionId])

export function createEnvironmentStore(database: Database): EnvironmentStore {
  const environments = database.sys.collection<StoredEnvironment>('environments')
  const find = async (gatewayId: string, environment: string, session?: ClientSession) =>
    (await environments.findOne({ gatewayId, environment: environment as EnvironmentName }, session ? { session } : {})) ?? undefined
  const listOfMany = async (gatewayIds: readonly string[], session?: ClientSession) => {
    const found = await environments.find({ gatewayId: { $in: [...gatewayIds] } }, session ? { session } : {}).toArray()
    return Map.groupBy(found.sort(byStage), ({ gatewayId }) => gatewayId)
  }
  // Steps of many gateways run at a time.
  const listOf = readInBatches((gatewayIds) => listOfMany(gatewayIds))
  const findById = readInBatches(async (ids) => {
    const found = await environments.find({ _id: { $in: [...ids] } }).toArray()
    return new Map(found.map((environment) => [environment._id, environment]))
  })
  return {
    listOf: async (gatewayId, session) => (session ? (await listOfMany([gatewayId], session)).get(gatewayId) : await listOf(gatewayId)) ?? [],
    listOfMany: (gatewayIds) => listOfMany(gatewayIds),
    find: (gatewayId, environment) => find(gatewayId, environment),
    async get(gatewayId, environment, session) {
      const found = await find(gatewayId, environment, session)
      if (!found) throw environmentNotFound(gatewayId, environment)
      return found
    },
    findById,
    listToServe: () => environments.find({ phase: { $in: ['Starting', 'Started'] }, state: 'active' }).toArray(),
    async insertAll(documents, session) {
      await environments.insertMany([...documents], { session })
    },
    async want(gatewayId, state, gatewayFence, { isForced } = { isForced: false }) {
      const isNews = { $or: [{ gatewayState: { $ne: state } }, ...(isForced ? [{ isForced: { $ne: true } }] : [])] }
      await environments.updateMany({ gatewayId, gatewayFence: { $lte: gatewayFence }, ...isNews }, followGateway(state, gatewayFence, isForced))
    },
    async wantOwn(gatewayId, environment, ownState) {
      await environments.updateOne({ gatewayId, environment, state: { $ne: 'deleted' } }, followPerson(ownState))
    },
    async begin(gatewayId, waitMs) {
      await environments.updateMany({ gatewayId, phase: 'Creating', nextAttemptAt: untilNudged }, beginning(waitMs))
    },
    async nudgeAll(environmentIds) {
      await environments.updateMany({ _id: { $in: [...environmentIds] }, phase: { $in: waitingPhases } }, nudge)
    },
    async moveAway(regionId, runtimeIds) {
      const { modifiedCount } = await environments.updateMany(
        { phase: 'Started', state: 'active', regionId: { $in: regionsNamed(regionId) }, runtimeId: { $nin: [...runtimeIds] } },
        { $set: { ...nudge.$set, phase: 'Starting', lockedAt: epoch }, $inc: { ...nudge.$inc, fence: 1 }, $currentDate: { updatedAt: true } },
      )
      return modifiedCount
    },
    async setBundle(gatewayId, bundle) {
      await environments.updateMany({ gatewayId }, { $set: { bundle } })
    },
    async retryAll(gatewayId) {
      // One that waits for its gateway has not failed, and there is nothing yet that it could try.
      await environments.updateMany({ gatewayId, nextAttemptAt: { $ne: untilNudged } }, retry)
    },
    async retry(gatewayId, environment) {
      await environments.updateOne({ gatewayId, environment, nextAttemptAt: { $ne: untilNudged } }, retry)
    },
    async setSettings(gatewayId, environment, { revision, ...settings }, session) {
      await environments.updateOne(
        { gatewayId, environment },
        { $set: { ...settings, settingsRevision: revision }, $currentDate: { updatedAt: true } },
        { session },
      )
    },
    async setHold(gatewayId, environment, held, session) {
      const change = held ? { $set: { held } } : { $unset: { held: '' as const } }
      await environments.updateOne(
        { gatewayId, environment, ...(held ? {} : { held: { $exists: true } }) },
        { ...change, $currentDate: { updatedAt: true } },
        session ? { session } : {},
      )
    },
    async setProtection(gatewayId, environment, protection, session) {
      await environments.updateOne({ gatewayId, environment }, { $set: { protection }, $currentDate: { updatedAt: true } }, { session })
    },
    listWithFreezes: () =>
      environments
        .find({ 'protection.freezes.name': { $exists: true } })
        .project<StoredEnvironment>({ gatewayId: 1, environment: 1, protection: 1 })
        .toArray(),
    async noteDrift(gatewayId, environment, { at, functions, repairedAt }) {
      await environments.updateOne(
        { gatewayId, environment },
        {
          $set: { 'drifted.at': at, ...(repairedAt ? { 'drifted.repairedAt': repairedAt } : {}) },
          $addToSet: { 'drifted.functions': { $each: functions } },
          ...(repairedAt ? {} : { $unset: { 'drifted.repairedAt': '' as const } }),
          $currentDate: { updatedAt: true },
        },
      )
    },
    async forgetDrift(gatewayId, environment) {
      await environments.updateOne({ gatewayId, environment, drifted: { $exists: true } }, { $unset: { drifted: '' }, $currentDate: { updatedAt: true } })
    },
    async touch(gatewayId, environment, session) {
      await environments.updateOne({ gatewayId, environment }, { $currentDate: { updatedAt: true } }, { session })
    },
  }
}
