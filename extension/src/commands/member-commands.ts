import type { Member, MemberRole, User } from '@imprun/contracts'
import { grantableRoleSchema } from '@imprun/contracts/member'
import { pageLimitMax } from '@imprun/contracts/paging'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { listMembers } from './members.ts'
import { createPerson } from './person-commands.ts'
import { chooseGateway } from './targets.ts'

type GrantableRole = (typeof grantableRoleSchema.options)[number]

export function memberCommands(context: CommandContext): Pick<Handlers, 'imprun.manageMembers'> {
  const { t } = context
  return {
    'imprun.manageMembers': async (node) => {
      const gateway = await chooseGateway(context, node, t('Members of which gateway?'))
      if (gateway) while (await manageOnce(context, gateway.gatewayId));
    },
  }
}

/** @returns false when it is left */
async function manageOnce(context: CommandContext, gatewayId: string): Promise<boolean> {
  const { prompts, t } = context
  const members = await listMembers(context, gatewayId)
  const picked = await prompts.pick<Member | 'new'>(t('Members of {0}', gatewayId), [
    ...members.map((member) => ({ label: `$(person) ${member.name}`, description: roleWords(member.role, t), value: member })),
    { label: `$(person-add) ${t('Let a person in…')}`, value: 'new' },
  ])
  if (picked === undefined) return false
  if (picked === 'new') await letIn(context, gatewayId, members)
  else if (picked.role === 'owner') await prompts.offer('info', t('{0} made {1} and has every right in it.', picked.name, gatewayId))
  else await changeMember(context, picked)
  return true
}

async function letIn(context: CommandContext, gatewayId: string, members: readonly Member[]): Promise<void> {
  const { prompts, t } = context
  const { api } = openSession(context)
  const { items } = await api.call('listUsers', { query: { limit: pageLimitMax } })
  const strangers = items.filter(({ userId }) => !members.some((member) => member.userId === userId))
  const picked = await prompts.pick<Pick<User, 'userId' | 'name'> | 'new'>(t('Let whom into {0}?', gatewayId), [
    ...strangers.map((user) => ({ label: user.name, value: user })),
    { label: `$(person-add) ${t('Somebody new…')}`, detail: t('Administrators add people, and hand them their access token.'), value: 'new' },
  ])
  const person = picked === 'new' ? await createPerson(context) : picked
  const role = person && (await chooseRole(context, t('What may {0} do?', person.name)))
  if (!role || role === 'remove') return
  await api.call('putMember', { params: { gatewayId, userId: person.userId }, body: { role } })
  prompts.tell(`$(person-add) ${person.name}: ${role}`)
}

async function changeMember(context: CommandContext, { gatewayId, userId, name, role }: Member): Promise<void> {
  const { prompts, t } = context
  const { api } = openSession(context)
  const wanted = await chooseRole(context, t('What may {0} do?', name), role)
  if (wanted === undefined || wanted === role) return
  if (wanted !== 'remove') {
    await api.call('putMember', { params: { gatewayId, userId }, body: { role: wanted } })
    return prompts.tell(`$(person) ${name}: ${wanted}`)
  }
  const detail = t('{0} no longer sees {1}. What was deployed stays.', name, gatewayId)
  if (!(await prompts.confirm({ message: t('Take {0} out of {1}?', name, gatewayId), detail, yes: t('Take out') }))) return
  await api.call('deleteMember', { params: { gatewayId, userId } })
}

function chooseRole({ prompts, t }: CommandContext, title: string, now?: MemberRole): Promise<GrantableRole | 'remove' | undefined> {
  const roles = grantableRoleSchema.options.map((role) => ({
    label: role,
    ...(role === now ? { description: t('now') } : {}),
    detail: roleWords(role, t),
    value: role,
  }))
  return prompts.pick<GrantableRole | 'remove'>(title, [...roles, ...(now ? [{ label: t('Take out of the gateway…'), value: 'remove' as const }] : [])])
}

function roleWords(role: MemberRole, t: CommandContext['t']): string {
  const words: Record<MemberRole, string> = {
    owner: t('Owner: everything, deleting included'),
    admin: t('Admin: members, protection, code, approvals'),
    developer: t('Developer: code, functions, keys, deployments'),
    approver: t('Approver: reads, and approves or rejects'),
    viewer: t('Viewer: reads'),
  }
  return words[role]
}
