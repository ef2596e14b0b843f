import type { MemberRole } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Database } from '../database/database.ts'
import type { Caller } from '../http/handlers.ts'
import { memberNotFound } from './member-errors.ts'

export type GivenRole = Exclude<MemberRole, 'owner'>

/** The owner is none of them: the gateway itself names its owner. */
export interface StoredMember {
  /** `<gatewayId>/<userId>`, so that whose it was can be told when it is gone. */
  _id: string
  gatewayId: string
  userId: string
  name: string
  role: GivenRole
  since: Date
  by: Caller
}

export interface MemberStore {
  findRole(gatewayId: string, userId: string): Promise<GivenRole | undefined>
  /** By name. */
  list(gatewayId: string, session?: ClientSession): Promise<StoredMember[]>
  /** Of gateways that belong to others, where the user has any of these roles; absent: whatever role. */
  listGatewayIds(userId: string, roles?: readonly MemberRole[]): Promise<string[]>
  /** What documents of gateways that the user may read have in common. */
  readable(userId: string): Promise<ReadableFilter>
  /** Lets somebody in, or gives another role. */
  put(member: Omit<StoredMember, '_id'>, session: ClientSession): Promise<StoredMember>
  /** @throws MEMBER_NOT_FOUND */
  remove(gatewayId: string, userId: string, session: ClientSession): Promise<void>
  removeAll(gatewayId: string): Promise<void>
}

/** For documents that name their gateway and its owner. Most people are members of nobody else's, which keeps their queries simple. */
export type ReadableFilter = { ownerId: string } | { $or: ({ ownerId: string } | { gatewayId: { $in: string[] } })[] }

const idOf = (gatewayId: string, userId: string) => `${gatewayId}/${userId}`
export const userIdOfMember = (id: string): string => id.slice(id.indexOf('/') + 1)

export function createMemberStore(database: Database): MemberStore {
  const members = database.sys.collection<StoredMember>('members')
  const listGatewayIds: MemberStore['listGatewayIds'] = async (userId, roles) => {
    const given = roles?.filter((role): role is GivenRole => role !== 'owner')
    const found = await members.find({ userId, ...(given ? { role: { $in: given } } : {}) }, { projection: { gatewayId: 1 } }).toArray()
    return found.map(({ gatewayId }) => gatewayId)
  }
  return {
    findRole: async (gatewayId, userId) => (await members.findOne({ _id: idOf(gatewayId, userId) }, { projection: { role: 1 } }))?.role,
    list: (gatewayId, session) =>
      members
        .find({ gatewayId }, session ? { session } : {})
        .sort({ name: 1 })
        .toArray(),
    listGatewayIds,
    async readable(userId) {
      const gatewayIds = await listGatewayIds(userId)
      return gatewayIds.length === 0 ? { ownerId: userId } : { $or: [{ ownerId: userId }, { gatewayId: { $in: gatewayIds } }] }
    },
    async put({ gatewayId, userId, since, ...facts }, session) {
      const update = { $set: facts, $setOnInsert: { gatewayId, userId, since } }
      const stored = await members.findOneAndUpdate({ _id: idOf(gatewayId, userId) }, update, { upsert: true, returnDocument: 'after', session })
      if (!stored) throw new Error('MongoDB did not answer the member it has just written.')
      return stored
    },
    async remove(gatewayId, userId, session) {
      const { deletedCount } = await members.deleteOne({ _id: idOf(gatewayId, userId) }, { session })
      if (deletedCount === 0) throw memberNotFound(gatewayId, userId)
    },
    async removeAll(gatewayId) {
      await members.deleteMany({ gatewayId })
    },
  }
}
