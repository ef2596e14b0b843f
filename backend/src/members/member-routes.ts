import type { Member, MemberRole } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { AccountStore } from '../accounts/account-store.ts'
import { refuseAutomation } from '../accounts/automation.ts'
import type { GatewayStore, StoredGateway } from '../gateways/gateway-store.ts'
import type { Handlers } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { ownerStays } from './member-errors.ts'
import type { MemberStore, StoredMember } from './member-store.ts'

/** Somebody gets another role, or none. */
export interface MemberChange {
  gateway: Pick<StoredGateway, 'gatewayId' | 'ownerId'>
  userId: string
  role: MemberRole | undefined
}

/**
 * Refuses to take somebody out, or to give a role that may not approve, where an environment's protection could then not be met by those who are left.
 * Two such changes come one after the other.
 * @param make may run again, so it does nothing but write with the session
 * @throws APPROVERS_TOO_FEW naming the environments, or what `make` throws
 */
export type KeepApprovers = <Made>(change: MemberChange, make: (session: ClientSession) => Promise<Made>) => Promise<Made>

interface MemberRoutesDeps {
  accounts: Pick<AccountStore, 'getUser'>
  gateways: Pick<GatewayStore, 'getOwned' | 'getAs'>
  members: MemberStore
  keepApprovers: KeepApprovers
  clock: Clock
}

type RouteNames = 'listMembers' | 'putMember' | 'deleteMember'

export function createMemberRoutes({ accounts, gateways, members, keepApprovers, clock }: MemberRoutesDeps): Pick<Handlers, RouteNames> {
  return {
    async listMembers({ params, account }) {
      const gateway = await gateways.getOwned(params.gatewayId, account.userId)
      const [owner, others] = await Promise.all([accounts.getUser(gateway.ownerId), members.list(gateway.gatewayId)])
      return { items: [toOwner(gateway, owner.name), ...others.map(toMemberView)] }
    },
    async putMember({ params, body, account, audit }) {
      audit({ ...body })
      refuseAutomation(account, 'let people in')
      const { gatewayId, ownerId } = await gateways.getAs(params.gatewayId, account.userId, 'administer')
      if (params.userId === ownerId) throw ownerStays(gatewayId)
      const { userId, name } = await accounts.getUser(params.userId)
      const { role } = body
      const put = (session: ClientSession) => members.put({ gatewayId, userId, name, role, since: clock.now(), by: account }, session)
      return toMemberView(await keepApprovers({ gateway: { gatewayId, ownerId }, userId, role }, put))
    },
    async deleteMember({ params, account }) {
      refuseAutomation(account, 'take people out')
      const isLeaving = params.userId === account.userId
      const { gatewayId, ownerId } = await (isLeaving
        ? gateways.getOwned(params.gatewayId, account.userId)
        : gateways.getAs(params.gatewayId, account.userId, 'administer'))
      if (params.userId === ownerId) throw ownerStays(gatewayId)
      const { userId } = params
      await keepApprovers({ gateway: { gatewayId, ownerId }, userId, role: undefined }, (session) => members.remove(gatewayId, userId, session))
      return {}
    },
  }
}

const toOwner = ({ gatewayId, ownerId, createdAt }: StoredGateway, name: string): Member => ({
  gatewayId,
  userId: ownerId,
  name,
  role: 'owner',
  since: createdAt.toISOString(),
})

const toMemberView = ({ gatewayId, userId, name, role, since }: StoredMember): Member => ({ gatewayId, userId, name, role, since: since.toISOString() })
