import type { NotificationRules, NotificationType, Notifier, NotifierTarget } from '@imprun/contracts'
import { environmentNames } from '@imprun/contracts/names'
import { notificationTypes, notificationTypesDefault } from '@imprun/contracts/notifier'
import * as vscode from 'vscode'
import { ask, type Kind } from '../notifiers/ask-target.ts'
import type { GatewayNode } from '../tree/gateway-node.ts'
import type { Translate } from '../ui/translate.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { chooseGateway } from './targets.ts'

export function notifierCommands(context: CommandContext): Pick<Handlers, 'imprun.manageNotifiers'> {
  return {
    'imprun.manageNotifiers': async (node?: GatewayNode) => {
      const gateway = await chooseGateway(context, node, context.t('Notifiers of which gateway?'))
      if (!gateway) return
      // Until it is left: who adds one often tests it next.
      for (let next = true; next; ) next = await manageOne(context, gateway.gatewayId)
    },
  }
}

const icons: Record<Kind, string> = { telegram: 'comment', slack: 'comment-discussion', webhook: 'link' }

/** @returns false when it was given up */
async function manageOne(context: CommandContext, gatewayId: string): Promise<boolean> {
  const { prompts, t } = context
  const { items } = await openSession(context).api.call('listNotifiers', { params: { gatewayId } })
  const choice = await prompts.pick<Notifier | Kind>(t('Who is told what happens in {0}', gatewayId), [
    ...items.map((notifier) => ({
      label: `$(${icons[notifier.kind]}) ${notifier.name}`,
      description: [notifier.destination, notifier.isPaused ? t('paused') : ''].filter(Boolean).join(' · '),
      detail: describeLast(notifier, t),
      value: notifier,
    })),
    { label: `$(add) ${t('Telegram…')}`, description: t('a message to a chat, by a bot of yours'), value: 'telegram' },
    { label: `$(add) ${t('Slack…')}`, description: t('a message to a channel, by an incoming webhook'), value: 'slack' },
    { label: `$(add) ${t('Webhook…')}`, description: t('a signed request to an address of yours'), value: 'webhook' },
  ])
  if (choice === undefined) return false
  if (typeof choice === 'string') await add(context, gatewayId, choice)
  else await change(context, choice)
  return true
}

const describeLast = ({ lastAttempt }: Notifier, t: Translate) =>
  lastAttempt
    ? lastAttempt.isDelivered
      ? t('Told last: {0}', lastAttempt.detail)
      : t('Could not be told: {0}', lastAttempt.detail)
    : t('Nothing was told yet.')

async function add(context: CommandContext, gatewayId: string, kind: Kind): Promise<void> {
  const { prompts, t } = context
  const target = await ask(context, kind)
  if (!target) return
  const name = await prompts.input({
    title: t('Name of the notifier'),
    value: defaultName(target),
    validate: (text) => (text.trim() ? undefined : t('It needs a name.')),
  })
  if (name === undefined) return
  const rules = await askRules(context, { types: [...notificationTypesDefault] })
  if (!rules) return
  const { secret, ...made } = await openSession(context).api.call('createNotifier', { params: { gatewayId }, body: { name, target, rules } })
  if (secret !== undefined) await handOver(context, made.name, secret)
  await test(context, made)
}

/** The secret goes to the clipboard and nowhere else; one that was not taken is replaced by changing where to. */
async function handOver({ prompts, t }: CommandContext, name: string, secret: string): Promise<void> {
  const detail = t('The receiver checks the signature with it. It is given out once; "Change where to" makes a new one.')
  const isTaken = await prompts.confirm({ message: t('{0} signs what it sends. Copy its secret?', name), detail, yes: t('Copy secret') })
  if (isTaken) await vscode.env.clipboard.writeText(secret)
}

const defaultName = (target: NotifierTarget) => (target.kind === 'telegram' ? 'Telegram' : new URL(target.url).host)

async function change(context: CommandContext, notifier: Notifier): Promise<void> {
  const { prompts, t } = context
  const { api } = openSession(context)
  const params = { gatewayId: notifier.gatewayId, notifierId: notifier.notifierId }
  const step = await prompts.pick<'test' | 'rules' | 'pause' | 'target' | 'remove'>(notifier.name, [
    { label: `$(bell) ${t('Send a test message')}`, value: 'test' },
    { label: `$(filter) ${t('Change what it tells')}`, description: describeRules(notifier.rules, t), value: 'rules' },
    { label: `$(arrow-swap) ${t('Change where to')}`, description: notifier.destination, value: 'target' },
    notifier.isPaused ? { label: `$(debug-start) ${t('Tell again')}`, value: 'pause' } : { label: `$(debug-pause) ${t('Pause')}`, value: 'pause' },
    { label: `$(trash) ${t('Remove')}`, value: 'remove' },
  ])
  if (step === 'test') await test(context, notifier)
  if (step === 'pause') await api.call('patchNotifier', { params, body: { isPaused: !notifier.isPaused } })
  if (step === 'rules') {
    const rules = await askRules(context, notifier.rules)
    if (rules) await api.call('patchNotifier', { params, body: { rules } })
  }
  if (step === 'target') {
    const target = await ask(context, notifier.kind)
    const changed = target && (await api.call('patchNotifier', { params, body: { target } }))
    if (changed?.secret !== undefined) await handOver(context, changed.name, changed.secret)
  }
  if (step === 'remove') {
    const detail = t('What it still had to tell is dropped.')
    if (await prompts.confirm({ message: t('Remove the notifier {0}?', notifier.name), detail, yes: t('Remove') })) await api.call('deleteNotifier', { params })
  }
}

async function test(context: CommandContext, { gatewayId, notifierId, name }: Pick<Notifier, 'gatewayId' | 'notifierId' | 'name'>): Promise<void> {
  const { prompts, t } = context
  const { lastAttempt } = await openSession(context).api.call('testNotifier', { params: { gatewayId, notifierId } })
  if (lastAttempt?.isDelivered) prompts.tell(t('{0} has the test message.', name))
  else void prompts.offer('warning', t('The test message did not reach {0}. {1}', name, lastAttempt?.detail ?? ''))
}

const wordsOf = (t: Translate): Record<NotificationType, string> => ({
  'deployment.started': t('A deployment starts'),
  'deployment.succeeded': t('A deployment is served'),
  'deployment.failed': t('A deployment fails'),
  'deployment.rolled_back': t('A deployment is rolled back'),
  'deployment.superseded': t('A waiting deployment gives way to a newer one'),
  'approval.requested': t('A deployment waits for approval'),
  'gateway.stalled': t('A gateway is stalled'),
  'environment.stalled': t('An environment is stalled'),
  'environment.drifted': t('Something was changed by hand'),
})

const describeRules = ({ types, environments }: NotificationRules, t: Translate) =>
  [t('{0} of {1} kinds of news', types.length, notificationTypes.length), environments?.join(', ') ?? t('all environments')].join(' · ')

/** @returns undefined when given up */
async function askRules({ prompts, t }: CommandContext, before: NotificationRules): Promise<NotificationRules | undefined> {
  const words = wordsOf(t)
  const types = await prompts.pickMany(
    t('What is told?'),
    notificationTypes.map((type) => ({ label: words[type], description: type, isPicked: before.types.includes(type), value: type })),
  )
  if (!types || types.length === 0) return undefined
  const environments = await prompts.pickMany(
    t('Of which environments?'),
    environmentNames.map((name) => ({ label: name, isPicked: before.environments?.includes(name) ?? true, value: name })),
  )
  if (!environments || environments.length === 0) return undefined
  const { environments: _, ...others } = before
  return { ...others, types: [...types], ...(environments.length === environmentNames.length ? {} : { environments: [...environments] }) }
}
