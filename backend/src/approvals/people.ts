import type { ClientSession } from 'mongodb'
import type { AccountStore } from '../accounts/account-store.ts'
import type { StoredGateway } from '../gateways/gateway-store.ts'
import type { MemberStore } from '../members/member-store.ts'
import type { PossibleApprover } from './protection-rules.ts'

export interface PeopleDeps {
  accounts: Pick<AccountStore, 'getUser'>
  members: Pick<MemberStore, 'list'>
}

/** Everybody of a gateway, the owner first. */
export async function listPeople(
  { accounts, members }: PeopleDeps,
  { gatewayId, ownerId }: Pick<StoredGateway, 'gatewayId' | 'ownerId'>,
  session?: ClientSession,
): Promise<PossibleApprover[]> {
  const [owner, others] = await Promise.all([accounts.getUser(ownerId), members.list(gatewayId, session)])
  return [{ ...owner, role: 'owner' }, ...others]
}
