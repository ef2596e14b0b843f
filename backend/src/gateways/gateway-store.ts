import { type Gateway, gatewayIdLengthMax, type PageQuery } from '@imprun/contracts'
import type { Filter } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { containing, decodeCursor } from '../database/paging.ts'
import type { EnvironmentStore, StoredEnvironment } from '../environments/environment-store.ts'
import { nudge, type PhaseDocument, retry } from '../phases/phase-document.ts'
import { gatewayBeingDeleted, gatewayIdTaken, gatewayNotFound } from './gateway-errors.ts'
import { suggestGatewayId } from './gateway-rules.ts'

export interface StoredGateway extends PhaseDocument, Pick<Gateway, 'gatewayId' | 'name' | 'regionId' | 'bundle' | 'database' | 'pipeline'> {
  ownerId: string
}

export interface GatewayChanges {
  name?: string | undefined
  pipeline?: Gateway['pipeline'] | undefined
  state?: 'active' | 'inactive' | undefined
}

export interface GatewayStore {
  /** The gateway and its environments, all or nothing. @throws GATEWAY_ID_TAKEN, with a free id in `facts.suggestion`. */
  insert(gateway: StoredGateway, environments: readonly StoredEnvironment[]): Promise<void>
  /** @throws GATEWAY_NOT_FOUND, for somebody else's gateway too. */
  getOwned(gatewayId: string, ownerId: string): Promise<StoredGateway>
  /** The same, for what changes something in it. @throws GATEWAY_NOT_FOUND, GATEWAY_BEING_DELETED */
  getChangeable(gatewayId: string, ownerId: string): Promise<StoredGateway>
  find(gatewayId: string): Promise<StoredGateway | undefined>
  findById(id: string): Promise<StoredGateway | undefined>
  /** By name; one more than the limit when there is a next page. */
  list(ownerId: string, query: PageQuery): Promise<StoredGateway[]>
  /** @throws GATEWAY_NOT_FOUND, GATEWAY_BEING_DELETED */
  change(gatewayId: string, changes: GatewayChanges): Promise<StoredGateway>
  /** Safe to repeat. @throws GATEWAY_NOT_FOUND when it is gone. */
  wantDeleted(gatewayId: string): Promise<StoredGateway>
  /** @throws GATEWAY_NOT_FOUND */
  retry(gatewayId: string): Promise<StoredGateway>
  /** Ids of those that have a database of their own and are not being deleted. */
  listSettled(): Promise<string[]>
  /** An environment has moved: the gateway's step may have waited for that. */
  nudgeWaiting(gatewayId: string): Promise<void>
}

/** A page's cursor: name and id, in the order of the list. */
export const gatewayCursor = ({ name, _id }: StoredGateway): string => JSON.stringify([name, _id])

function afterCursor(cursor: string | undefined): Filter<StoredGateway> {
  if (cursor === undefined) return {}
  try {
    const [name, id] = JSON.parse(decodeCursor(cursor)) as unknown[]
    return { $or: [{ name: { $gt: String(name) } }, { name: String(name), _id: { $gt: String(id) } }] }
  } catch {
    // A cursor of somebody's own making: the list from its beginning answers it as well as anything.
    return {}
  }
}

/** The phases in which a gateway's step may wait for its environments. */
const waitingPhases: StoredGateway['phase'][] = ['Creating', 'Starting', 'Stopping', 'Deleting']

export function createGatewayStore({ database, environments }: { database: Database; environments: EnvironmentStore }): GatewayStore {
  const gateways = database.sys.collection<StoredGateway>('apiGateways')

  const suggest = async (gatewayId: string) => {
    const stem = gatewayId.slice(0, gatewayIdLengthMax - 5)
    const alike = await gateways.find({ gatewayId: { $regex: `^${stem}` } }, { projection: { gatewayId: 1 } }).toArray()
    return suggestGatewayId(gatewayId, new Set(alike.map((other) => other.gatewayId)))
  }
  const refuseDeleted = (gateway: StoredGateway) => {
    if (gateway.state === 'deleted') throw gatewayBeingDeleted(gateway.gatewayId)
    return gateway
  }
  const present = (gateway: StoredGateway | null, gatewayId: string) => {
    if (!gateway) throw gatewayNotFound(gatewayId)
    return gateway
  }

  return {
    async insert(gateway, theirs) {
      try {
        await database.client.withSession((session) =>
          session.withTransaction(async () => {
            await gateways.insertOne(gateway, { session })
            await environments.insertAll(theirs, session)
          }),
        )
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        throw gatewayIdTaken(gateway.gatewayId, await suggest(gateway.gatewayId))
      }
    },
    getOwned: async (gatewayId, ownerId) => present(await gateways.findOne({ gatewayId, ownerId }), gatewayId),
    getChangeable: async (gatewayId, ownerId) => refuseDeleted(present(await gateways.findOne({ gatewayId, ownerId }), gatewayId)),
    find: async (gatewayId) => (await gateways.findOne({ gatewayId })) ?? undefined,
    findById: async (id) => (await gateways.findOne({ _id: id })) ?? undefined,
    list: (ownerId, { limit, cursor, filter }) =>
      gateways
        .find({ ownerId, ...(filter ? { name: containing(filter) } : {}), ...afterCursor(cursor) })
        .sort({ name: 1, _id: 1 })
        .limit(limit + 1)
        .toArray(),
    async change(gatewayId, { name, pipeline, state }) {
      const changed = await gateways.findOneAndUpdate(
        { gatewayId, state: { $ne: 'deleted' } },
        {
          $set: {
            ...(name === undefined ? {} : { name }),
            ...(pipeline === undefined ? {} : { pipeline }),
            ...(state === undefined ? {} : { state, ...nudge.$set }),
          },
          $inc: state === undefined ? { nudges: 0 } : nudge.$inc,
          $currentDate: { updatedAt: true },
        },
        { returnDocument: 'after' },
      )
      if (changed) return changed
      refuseDeleted(present(await gateways.findOne({ gatewayId }), gatewayId))
      throw gatewayNotFound(gatewayId)
    },
    async wantDeleted(gatewayId) {
      await gateways.updateOne(
        { gatewayId, state: { $ne: 'deleted' } },
        { $set: { ...nudge.$set, state: 'deleted' }, $inc: nudge.$inc, $currentDate: { updatedAt: true } },
      )
      return present(await gateways.findOne({ gatewayId }), gatewayId)
    },
    async retry(gatewayId) {
      return present(await gateways.findOneAndUpdate({ gatewayId }, retry, { returnDocument: 'after' }), gatewayId)
    },
    async listSettled() {
      const settled = await gateways.find({ state: { $ne: 'deleted' }, phase: { $nin: ['Creating', 'Deleting'] } }, { projection: { gatewayId: 1 } }).toArray()
      return settled.map(({ gatewayId }) => gatewayId)
    },
    async nudgeWaiting(gatewayId) {
      await gateways.updateOne({ gatewayId, phase: { $in: waitingPhases } }, nudge)
    },
  }
}
