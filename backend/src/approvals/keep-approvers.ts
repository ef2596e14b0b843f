import { environmentNames, ImprunError, mayIn } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Turns } from '../database/turns.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { KeepApprovers, MemberChange } from '../members/member-routes.ts'
import { listPeople, type PeopleDeps } from './people.ts'
import { protectionFaults } from './protection-rules.ts'

interface KeepApproversDeps extends PeopleDeps {
  turns: Turns
  environments: Pick<EnvironmentStore, 'listOf'>
}

export const createKeepApprovers = ({ turns, environments, ...deps }: KeepApproversDeps): KeepApprovers => {
  const check = async ({ gateway, userId, role }: MemberChange, session: ClientSession): Promise<void> => {
    if (role !== undefined && mayIn(role, 'approve')) return
    const people = await listPeople(deps, gateway, session)
    const leaver = people.find((each) => each.userId === userId)
    if (!leaver || !mayIn(leaver.role, 'approve')) return
    const left = people.filter((each) => each.userId !== userId)
    const theirs = await environments.listOf(gateway.gatewayId, session)
    const unmet = theirs.filter(({ protection }) => protection && protectionFaults(protection, left).length > 0)
    if (unmet.length === 0) return
    const names = environmentNames.filter((name) => unmet.some(({ environment }) => environment === name))
    throw new ImprunError(
      'APPROVERS_TOO_FEW',
      `Without ${leaver.name} nobody could deploy to ${names.join(' and ')} any more. Let another person approve there first, or ask for fewer approvals.`,
      { facts: { environments: names } },
    )
  }
  return (change, make) =>
    turns.take(change.gateway.ownerId, async (session) => {
      await check(change, session)
      return make(session)
    })
}
