import { environmentNames, ImprunError, mayIn } from '@imprun/contracts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { KeepApprovers } from '../members/member-routes.ts'
import { listPeople, type PeopleDeps } from './people.ts'
import { protectionFaults } from './protection-rules.ts'

export const createKeepApprovers =
  ({ environments, ...deps }: PeopleDeps & { environments: Pick<EnvironmentStore, 'listOf'> }): KeepApprovers =>
  async (gateway, userId, role) => {
    if (role !== undefined && mayIn(role, 'approve')) return
    const people = await listPeople(deps, gateway)
    const leaver = people.find((each) => each.userId === userId)
    if (!leaver || !mayIn(leaver.role, 'approve')) return
    const left = people.filter((each) => each.userId !== userId)
    const unmet = (await environments.listOf(gateway.gatewayId)).filter(({ protection }) => protection && protectionFaults(protection, left).length > 0)
    if (unmet.length === 0) return
    const names = environmentNames.filter((name) => unmet.some(({ environment }) => environment === name))
    throw new ImprunError(
      'APPROVERS_TOO_FEW',
      `Without ${leaver.name} nobody could deploy to ${names.join(' and ')} any more. Let another person approve there first, or ask for fewer approvals.`,
      { facts: { environments: names } },
    )
  }
