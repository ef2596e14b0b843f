import type { Bundle, EnvironmentName } from '@imprun/contracts'
import { type AnyBulkWriteOperation, MongoBulkWriteError } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import type { DatabaseLayout } from '../database/gateway-databases.ts'
import { epoch, newPhaseDocument, nudge, type PhaseDocument, retry } from '../phases/phase-document.ts'
import { readInBatches } from '../platform/in-batches.ts'

/** One environment on one runtime. It is wanted (`active`) or has to go (`deleted`). */
export interface StoredInstance extends PhaseDocument {
  environmentId: string
  gatewayId: string
  environment: EnvironmentName
  database: DatabaseLayout
  runtimeId: string
  bundle: Bundle
}

export type InstanceFacts = Pick<StoredInstance, 'environmentId' | 'gatewayId' | 'environment' | 'database' | 'runtimeId' | 'bundle'>

export interface InstanceStore {
  listOf(environmentId: string): Promise<StoredInstance[]>
  findById(instanceId: string): Promise<StoredInstance | undefined>
  /** What this runtime has to serve. */
  listToServe(runtimeId: string): Promise<StoredInstance[]>
  /** Leaves out one while another one of its environment is wanted, or the one before on this runtime is not gone yet. @returns how many were put down */
  insertAll(facts: readonly InstanceFacts[]): Promise<number>
  /** The environment's instances have to go. @param instanceIds only these */
  unwant(environmentId: string, instanceIds?: readonly string[]): Promise<void>
  /** Served ones of the gateway are told the bundle, one after the other. */
  setBundle(gatewayId: string, bundle: Bundle): Promise<void>
  /** Those of these runtimes that wait for them to serve are looked at now. */
  nudgeStarting(runtimeIds: readonly string[]): Promise<void>
  retryAll(gatewayId: string): Promise<void>
  retryOf(environmentId: string): Promise<void>
  /** How many environments each runtime has. */
  count(): Promise<Map<string, number>>
  /** Those on runtimes that are not among these; at most `limit`. */
  listBeyond(runtimeIds: readonly string[], limit: number): Promise<StoredInstance[]>
  removeAll(instanceIds: readonly string[]): Promise<void>
}

/** The database's clock makes the first fence: the same id may have lived before, made by a backend whose clock goes otherwise, and the runtime remembers. */
const byDatabaseClock = { fence: { $toLong: '$$NOW' }, createdAt: '$$NOW', updatedAt: '$$NOW' }

function putDown(facts: InstanceFacts): AnyBulkWriteOperation<StoredInstance> {
  const _id = `${facts.environmentId}/${facts.runtimeId}`
  const fields = { ...newPhaseDocument(new Date()), phase: 'Starting' as const, ...facts }
  return {
    updateOne: {
      filter: { _id, state: 'absent' as never },
      update: [{ $replaceWith: { $mergeObjects: [{ $literal: { _id, ...fields } }, byDatabaseClock] } }],
      upsert: true,
    },
  }
}

export function createInstanceStore(database: Database): InstanceStore {
  const instances = database.sys.collection<StoredInstance>('runtimeInstances')
  // Steps of many environments run at a time.
  const listOf = readInBatches(async (environmentIds) => {
    const found = await instances.find({ environmentId: { $in: [...environmentIds] } }).toArray()
    return Map.groupBy(found, ({ environmentId }) => environmentId)
  })
  return {
    listOf: async (environmentId) => (await listOf(environmentId)) ?? [],
    findById: async (instanceId) => (await instances.findOne({ _id: instanceId })) ?? undefined,
    listToServe: (runtimeId) => instances.find({ runtimeId, state: 'active', phase: { $in: ['Starting', 'Started'] } }).toArray(),
    async insertAll(those) {
      if (those.length === 0) return 0
      try {
        const { upsertedCount } = await instances.bulkWrite(those.map(putDown), { ordered: false })
        return upsertedCount
      } catch (error) {
        if (error instanceof MongoBulkWriteError && isDuplicateKey(error)) return error.upsertedCount
        throw error
      }
    },
    async unwant(environmentId, instanceIds) {
      await instances.updateMany(
        { environmentId, state: { $ne: 'deleted' }, ...(instanceIds ? { _id: { $in: [...instanceIds] } } : {}) },
        { $set: { ...nudge.$set, state: 'deleted' }, $inc: nudge.$inc, $currentDate: { updatedAt: true } },
      )
    },
    async setBundle(gatewayId, bundle) {
      // Whoever holds one of them was about to tell its runtime the bundle before, so the claim is taken from it.
      await instances.updateMany(
        { gatewayId, state: 'active', phase: { $in: ['Starting', 'Started'] } },
        { $set: { ...nudge.$set, bundle, phase: 'Starting', lockedAt: epoch }, $inc: { ...nudge.$inc, fence: 1 }, $currentDate: { updatedAt: true } },
      )
    },
    async nudgeStarting(runtimeIds) {
      await instances.updateMany({ runtimeId: { $in: [...runtimeIds] }, state: 'active', phase: 'Starting' }, nudge)
    },
    async retryOf(environmentId) {
      await instances.updateMany({ environmentId }, retry)
    },
    async retryAll(gatewayId) {
      await instances.updateMany({ gatewayId }, retry)
    },
    async count() {
      const counted = await instances
        .aggregate<{ _id: string; count: number }>([{ $match: { state: 'active' } }, { $group: { _id: '$runtimeId', count: { $sum: 1 } } }])
        .toArray()
      return new Map(counted.map(({ _id, count }) => [_id, count]))
    },
    listBeyond: (runtimeIds, limit) =>
      instances
        .find({ runtimeId: { $nin: [...runtimeIds] } })
        .limit(limit)
        .toArray(),
    async removeAll(instanceIds) {
      await instances.deleteMany({ _id: { $in: [...instanceIds] } })
    },
  }
}
