import { type Ability, type Gateway, gatewayIdLengthMax, type MemberRole, mayIn, type PageQuery, type Retention } from '@imprun/contracts'
import type { ClientSession, Filter } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { afterNameCursor, containing } from '../database/paging.ts'
import type { EnvironmentStore, StoredEnvironment } from '../environments/environment-store.ts'
import { roleTooSmall } from '../members/member-errors.ts'
import type { MemberStore } from '../members/member-store.ts'
import { nudge, type PhaseDocument, retry } from '../phases/phase-document.ts'
import { type DeletionOrder, deletionDeadlineMs, orderDeletion, type StoredDeletion } from './gateway-deletion.ts'
import { gatewayBeingDeleted, gatewayIdTaken, gatewayNotFound } from './gateway-errors.ts'
import { suggestGatewayId } from './gateway-rules.ts'

export interface StoredGateway extends PhaseDocument, Pick<Gateway, 'gatewayId' | 'name' | 'regionId' | 'bundle' | 'database' | 'pipeline'> {
  ownerId: string
  /** Only while it is being deleted. */
  deletion?: StoredDeletion
  /** Absent while nobody has set any. */
  retention?: Partial<Retention>
}

export interface GatewayChanges {
  name?: string | undefined
  pipeline?: Gateway['pipeline'] | undefined
  state?: 'active' | 'inactive' | undefined
  bundle?: Gateway['bundle'] | undefined
  retention?: { [Name in keyof Retention]?: Retention[Name] | undefined } | undefined
}

export interface GatewayStore {
  /** The gateway and its environments, all or nothing: in the transaction given, or one of its own. @throws GATEWAY_ID_TAKEN, with a free id in `facts.suggestion`. */
  insert(gateway: StoredGateway, environments: readonly StoredEnvironment[], session?: ClientSession): Promise<void>
  /** For whoever may read it: its owner and members. @throws GATEWAY_NOT_FOUND, for a stranger too. */
  getOwned(gatewayId: string, userId: string): Promise<StoredGateway>
  /** For whoever has a role that is enough. @throws GATEWAY_NOT_FOUND; FORBIDDEN for a member whose role is too small, naming those that are not. */
  getAs(gatewayId: string, userId: string, ability: Ability): Promise<StoredGateway>
  /** For what changes something in it. @throws GATEWAY_NOT_FOUND, FORBIDDEN, GATEWAY_BEING_DELETED */
  getChangeable(gatewayId: string, userId: string): Promise<StoredGateway>
  /** For what protects it. @throws GATEWAY_NOT_FOUND, FORBIDDEN, GATEWAY_BEING_DELETED */
  getAdministered(gatewayId: string, userId: string): Promise<StoredGateway>
  /** @returns undefined for a stranger. */
  findRole(gateway: Pick<StoredGateway, 'gatewayId' | 'ownerId'>, userId: string): Promise<MemberRole | undefined>
  find(gatewayId: string): Promise<StoredGateway | undefined>
  findById(id: string): Promise<StoredGateway | undefined>
  /** Those that the user may read, by name; one more than the limit when there is a next page. */
  list(userId: string, query: PageQuery): Promise<StoredGateway[]>
  /** @throws GATEWAY_NOT_FOUND, GATEWAY_BEING_DELETED */
  change(gatewayId: string, changes: GatewayChanges): Promise<StoredGateway>
  /** Safe to repeat; once forced, it stays so. @throws GATEWAY_NOT_FOUND when it is gone. */
  wantDeleted(gatewayId: string, order: DeletionOrder): Promise<StoredGateway>
  /** What a forced deletion goes on without. */
  noteLeftovers(gatewayId: string, leftovers: readonly string[]): Promise<void>
  /** @throws GATEWAY_NOT_FOUND */
  retry(gatewayId: string): Promise<StoredGateway>
  /** Ids, at most so many. */
  listInRegion(regionId: string, limit: number): Promise<string[]>
  /** Ids of those that have a database of their own and are not being deleted. */
  listSettled(): Promise<string[]>
  /** Environments of these have moved: those gateways are looked at now that waited for the last one. */
  nudgeWaiting(gatewayIds: readonly string[]): Promise<void>
}

/**
 * The phases in which a gateway's step would have nothing more to wait for. To wake it before that would cost it a claim for each step of each of them.
 * One that has them begin, and has not written yet that it waits for them, is in the phase before.
 */
function phasesOverWith(environments: readonly StoredEnvironment[]): StoredGateway['phase'][] {
  if (environments.length === 0) return ['Deleting']
  return environments.every(({ phase }) => phase === 'Started' || phase === 'Stopped') ? ['Creating', 'Starting', 'Stopping'] : []
}

const waitingPhases: StoredGateway['phase'][] = ['Creating', 'Starting', 'Stopping', 'Deleting']

interface GatewayStoreDeps {
  database: Database
  environments: EnvironmentStore
  members: Pick<MemberStore, 'findRole' | 'readable'>
  deletionDeadlineMs?: number | undefined
}

export function createGatewayStore(deps: GatewayStoreDeps): GatewayStore {
  const { database, environments, members } = deps
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

  const findRole: GatewayStore['findRole'] = async ({ gatewayId, ownerId }, userId) => (ownerId === userId ? 'owner' : members.findRole(gatewayId, userId))
  const reach = async (gatewayId: string, userId: string, ability?: Ability) => {
    const gateway = present(await gateways.findOne({ gatewayId }), gatewayId)
    const role = await findRole(gateway, userId)
    if (!role) throw gatewayNotFound(gatewayId)
    if (ability && !mayIn(role, ability)) throw roleTooSmall(gatewayId, role, ability)
    return gateway
  }

  return {
    async insert(gateway, theirs, within) {
      const insertBoth = async (session: ClientSession) => {
        await gateways.insertOne(gateway, { session })
        await environments.insertAll(theirs, session)
      }
      try {
        await (within ? insertBoth(within) : database.client.withSession((session) => session.withTransaction(() => insertBoth(session))))
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        throw gatewayIdTaken(gateway.gatewayId, await suggest(gateway.gatewayId))
      }
    },
    getOwned: (gatewayId, userId) => reach(gatewayId, userId),
    getAs: reach,
    getChangeable: async (gatewayId, userId) => refuseDeleted(await reach(gatewayId, userId, 'change')),
    getAdministered: async (gatewayId, userId) => refuseDeleted(await reach(gatewayId, userId, 'administer')),
    findRole,
    find: async (gatewayId) => (await gateways.findOne({ gatewayId })) ?? undefined,
    findById: async (id) => (await gateways.findOne({ _id: id })) ?? undefined,
    async list(userId, { limit, cursor, filter }) {
      const readable = await members.readable(userId)
      return gateways
        .find({ $and: [readable, afterNameCursor(cursor) as Filter<StoredGateway>, filter ? { name: containing(filter) } : {}] })
        .sort({ name: 1, _id: 1 })
        .limit(limit + 1)
        .toArray()
    },
    async change(gatewayId, { name, pipeline, bundle, retention = {}, state }) {
      const changed = await gateways.findOneAndUpdate(
        { gatewayId, state: { $ne: 'deleted' } },
        {
          $set: {
            ...(name === undefined ? {} : { name }),
            ...(pipeline === undefined ? {} : { pipeline }),
            ...(bundle === undefined ? {} : { bundle }),
            ...Object.fromEntries(Object.entries(retention).map(([field, value]) => [`retention.${field}`, value])),
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
    async wantDeleted(gatewayId, order) {
      const isNews = { $or: [{ state: { $ne: 'deleted' as const } }, ...(order.isForced ? [{ 'deletion.isForced': { $ne: true } }] : [])] }
      await gateways.updateOne({ gatewayId, ...isNews }, orderDeletion(order, deps.deletionDeadlineMs ?? deletionDeadlineMs))
      return present(await gateways.findOne({ gatewayId }), gatewayId)
    },
    async retry(gatewayId) {
      return present(await gateways.findOneAndUpdate({ gatewayId }, retry, { returnDocument: 'after' }), gatewayId)
    },
    async listInRegion(regionId, limit) {
      const found = await gateways
        .find({ regionId }, { projection: { gatewayId: 1 } })
        .limit(limit)
        .toArray()
      return found.map(({ gatewayId }) => gatewayId)
    },
    async listSettled() {
      const settled = await gateways.find({ state: { $ne: 'deleted' }, phase: { $nin: ['Creating', 'Deleting'] } }, { projection: { gatewayId: 1 } }).toArray()
      return settled.map(({ gatewayId }) => gatewayId)
    },
    async noteLeftovers(gatewayId, leftovers) {
      if (leftovers.length > 0) await gateways.updateOne({ gatewayId }, { $addToSet: { 'deletion.leftovers': { $each: [...leftovers] } } })
    },
    async nudgeWaiting(gatewayIds) {
      const theirs = await environments.listOfMany(gatewayIds)
      const waitFor = (phase: StoredGateway['phase']) => ({
        phase,
        gatewayId: { $in: gatewayIds.filter((gatewayId) => phasesOverWith(theirs.get(gatewayId) ?? []).includes(phase)) },
      })
      const waiting = waitingPhases.map(waitFor).filter(({ gatewayId }) => gatewayId.$in.length > 0)
      if (waiting.length > 0) await gateways.updateMany({ $or: waiting }, nudge)
    },
  }
}
