import type { Environment, Protection } from '@imprun/contracts'
import { mayIn } from '@imprun/contracts/member'
import { approvalsMax } from '@imprun/contracts/protection'
import { describeProtection } from '../tree/describe-environment.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { askFreeze } from './freeze-input.ts'
import { freezeText } from './freeze-text.ts'
import { listMembers } from './members.ts'
import { chooseEnvironment } from './targets.ts'

type Change = 'approvals' | 'approvers' | 'freeze' | { freeze: number }

export function protectionCommands(context: CommandContext): Pick<Handlers, 'imprun.editProtection'> {
  return {
    'imprun.editProtection': async (node) => {
      const environment = await chooseEnvironment(context, node, context.t('Protect which environment?'))
      if (environment) await editProtection(context, environment)
    },
  }
}

/** Each answer is in force at once, and the list comes back with it until it is left. */
async function editProtection(context: CommandContext, { gatewayId, name, protection }: Environment): Promise<void> {
  const { api, catalog } = openSession(context)
  for (let now = protection ?? { approvals: 0, freezes: [] }; ; ) {
    const change = await chooseChange(context, `${gatewayId}/${name}`, now)
    if (change === undefined) return
    const next = await applyChange(context, gatewayId, now, change)
    if (!next) continue
    const patched = await api.call('patchEnvironment', { params: { gatewayId, environment: name }, body: { protection: next } })
    const gateway = catalog.gateways.find(gatewayId)
    if (gateway)
      catalog.gateways.upsert({ ...gateway, environments: gateway.environments.map((each) => (each.name === name ? { ...each, ...patched } : each)) })
    context.prompts.tell(`$(shield) ${gatewayId}/${name}: ${describeProtection(next, context.t) || context.t('not protected')}`)
    now = next
  }
}

function chooseChange({ prompts, t }: CommandContext, place: string, { approvals, approvers, freezes }: Protection): Promise<Change | undefined> {
  return prompts.pick<Change>(t('Protection of {0}', place), [
    {
      label: `$(verified) ${t('Approvals')}`,
      description: String(approvals),
      detail: t('People beside the author who have to say yes before something is deployed.'),
      value: 'approvals',
    },
    {
      label: `$(organization) ${t('Approvers')}`,
      description: approvers ? String(approvers.length) : t('every member who may approve'),
      detail: t('Who these may be.'),
      value: 'approvers',
    },
    ...freezes.map((freeze, index) => ({
      label: `$(clockface) ${freeze.name}`,
      description: freezeText(freeze),
      detail: t('Choose it to remove it.'),
      value: { freeze: index },
    })),
    { label: `$(add) ${t('Add a freeze…')}`, detail: t('A time in which nothing is deployed. Rolling back stays possible.'), value: 'freeze' },
  ])
}

async function applyChange(context: CommandContext, gatewayId: string, now: Protection, change: Change): Promise<Protection | undefined> {
  const { prompts, t } = context
  if (change === 'approvals') {
    const counts = Array.from({ length: approvalsMax + 1 }, (_, approvals) => approvals)
    const approvals = await prompts.pick(
      t('How many approvals?'),
      counts.map((count) => ({ label: String(count), ...(count === now.approvals ? { description: t('now') } : {}), value: count })),
    )
    return approvals === undefined ? undefined : { ...now, approvals }
  }
  if (change === 'approvers') return chooseApprovers(context, gatewayId, now)
  if (change === 'freeze') {
    const freeze = await askFreeze(context)
    return freeze && { ...now, freezes: [...now.freezes, freeze] }
  }
  const removed = now.freezes[change.freeze]
  const isMeant = await prompts.confirm({
    message: t('Remove the freeze {0}?', removed?.name ?? ''),
    detail: removed ? freezeText(removed) : '',
    yes: t('Remove'),
  })
  return isMeant ? { ...now, freezes: now.freezes.filter((freeze) => freeze !== removed) } : undefined
}

async function chooseApprovers(context: CommandContext, gatewayId: string, now: Protection): Promise<Protection | undefined> {
  const members = await listMembers(context, gatewayId)
  const picked = await context.prompts.pickMany(
    context.t('Who may approve? Choose nobody to let every member who may.'),
    members
      .filter(({ role }) => mayIn(role, 'approve'))
      .map(({ userId, name, role }) => ({ label: name, description: role, value: userId, isPicked: now.approvers?.includes(userId) ?? false })),
  )
  if (!picked) return undefined
  const { approvers: _, ...rest } = now
  return picked.length > 0 ? { ...rest, approvers: [...picked] } : rest
}
