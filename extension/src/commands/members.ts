import type { EnvironmentName, Member } from '@imprun/contracts'
import { mayIn } from '@imprun/contracts/member'
import { type CommandContext, openSession } from './command-context.ts'

/** Everybody who is let into a gateway. @throws ImprunError */
export async function listMembers(context: CommandContext, gatewayId: string): Promise<Member[]> {
  return (await openSession(context).api.call('listMembers', { params: { gatewayId } })).items
}

/** Who may say yes to what goes to an environment, beside its author. @throws ImprunError */
export async function namesOfApprovers(context: CommandContext, gatewayId: string, environment: EnvironmentName): Promise<string[]> {
  const { backend, catalog } = openSession(context)
  const { protection } = catalog.gateways.find(gatewayId)?.environments.find(({ name }) => name === environment) ?? {}
  const members = await listMembers(context, gatewayId)
  const isMeant = ({ userId, role }: Member) => (protection?.approvers?.includes(userId) ?? true) && mayIn(role, 'approve') && userId !== backend.userId
  return members.filter(isMeant).map(({ name }) => name)
}
