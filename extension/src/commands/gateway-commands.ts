import type { Gateway } from '@imprun/contracts'
import { gatewayNameSchema } from '@imprun/contracts/gateway'
import { gatewayIdSchema, slugify } from '@imprun/contracts/names'
import { askNewBundle } from './bundle-input.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { chooseEnvironment, chooseGateway } from './targets.ts'
import { firstFault } from './validation.ts'

type Ids =
  | 'imprun.createGateway'
  | 'imprun.startGateway'
  | 'imprun.stopGateway'
  | 'imprun.deleteGateway'
  | 'imprun.forceDelete'
  | 'imprun.retry'
  | 'imprun.setAuth'

export function gatewayCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { prompts, t } = context
  const setState = async (gateway: Gateway | undefined, state: 'active' | 'inactive') => {
    if (!gateway) return
    const { api, catalog } = openSession(context)
    catalog.gateways.upsert(await api.call('patchGateway', { params: { gatewayId: gateway.gatewayId }, body: { state } }))
  }
  return {
    'imprun.createGateway': () => createGateway(context),

    'imprun.startGateway': async (node) =>
      setState(await chooseGateway(context, node, t('Start a gateway'), (gateway) => gateway.state === 'inactive'), 'active'),

    'imprun.stopGateway': async (node) => {
      const gateway = await chooseGateway(context, node, t('Stop a gateway'), (candidate) => candidate.state === 'active')
      if (!gateway) return
      const detail = t('Its three environments stop answering. Data, functions and keys stay.')
      if (await prompts.confirm({ message: t('Stop {0}?', gateway.name), detail, yes: t('Stop') })) await setState(gateway, 'inactive')
    },

    'imprun.deleteGateway': async (node) => {
      const gateway = await chooseGateway(context, node, t('Delete a gateway'))
      if (!gateway) return
      const prompt = t('This deletes its functions, keys and data in all three environments, for good. Type {0} to go on.', gateway.gatewayId)
      if (await isTyped(context, gateway, prompt)) await deleteGateway(context, gateway, false)
    },

    'imprun.forceDelete': async (node) => {
      const gateway = await chooseGateway(context, node, t('End which deletion by force?'), ({ deletion }) => deletion?.isOverdue === true)
      if (!gateway) return
      const leftovers = gateway.deletion?.leftovers.join(', ') ?? ''
      const prompt = t('Left over: {0}. Nobody removes it afterwards; the audit log names it. Type {1} to go on.', leftovers, gateway.gatewayId)
      if (await isTyped(context, gateway, prompt)) await deleteGateway(context, gateway, true)
    },

    'imprun.retry': async (node) => {
      const gateway = await chooseGateway(context, node, t('Try again'), (candidate) => candidate.isStalled || candidate.attempts > 0)
      if (!gateway) return
      const { api, catalog } = openSession(context)
      catalog.gateways.upsert(await api.call('retryGateway', { params: { gatewayId: gateway.gatewayId } }))
    },

    'imprun.setAuth': async (node) => {
      const environment = await chooseEnvironment(context, node, t('Who may call?'))
      if (!environment) return
      const authType = await prompts.pick<'none' | 'key-auth'>(t('Who may call {0}/{1}?', environment.gatewayId, environment.name), [
        {
          label: 'key-auth',
          description: environment.authType === 'key-auth' ? t('now') : '',
          detail: t('Callers send a key in the header "apikey".'),
          value: 'key-auth',
        },
        { label: 'none', description: environment.authType === 'none' ? t('now') : '', detail: t('Anyone who reaches the address.'), value: 'none' },
      ])
      if (!authType || authType === environment.authType) return
      const { api } = openSession(context)
      await api.call('patchEnvironment', { params: { gatewayId: environment.gatewayId, environment: environment.name }, body: { authType } })
    },
  }
}

/** For what cannot be taken back. */
async function isTyped({ prompts, t }: CommandContext, { gatewayId, name }: Gateway, prompt: string): Promise<boolean> {
  const validate = (text: string) => (text === gatewayId ? undefined : t('Type {0}.', gatewayId))
  return (await prompts.input({ title: t('Delete {0}', name), prompt, placeholder: gatewayId, validate })) === gatewayId
}

async function deleteGateway(context: CommandContext, { gatewayId }: Gateway, isForced: boolean): Promise<void> {
  const { api, catalog } = openSession(context)
  const gateway = await api.call('deleteGateway', { params: { gatewayId }, query: isForced ? { force: 'true' } : {} })
  if (gateway.phase === 'Deleted') catalog.gateways.remove(gatewayId)
  else catalog.gateways.upsert(gateway)
}

/** Asked only where there is more than one. Null when given up. */
async function chooseRegion({ prompts, t, ...context }: CommandContext): Promise<string | undefined | null> {
  const { items } = await openSession({ prompts, t, ...context }).api.call('listRegions', {})
  if (items.length < 2) return undefined
  const choices = items.map(({ regionId, name, baseDomain }) => ({ label: name, description: regionId, detail: baseDomain, value: regionId }))
  return (await prompts.pick(t('Where is it to run?'), choices)) ?? null
}

async function createGateway(context: CommandContext): Promise<void> {
  const { prompts, t } = context
  const { api, catalog } = openSession(context)
  const name = await prompts.input({
    title: t('Create a gateway'),
    prompt: t('A name for people, for example Home tax.'),
    validate: (text) => firstFault(gatewayNameSchema, text),
  })
  if (name === undefined) return
  const gatewayId = await prompts.input({
    title: t('Create a gateway'),
    prompt: t('Its id is part of every address and cannot be changed later.'),
    value: slugify(name),
    validate: (text) => firstFault(gatewayIdSchema, text),
  })
  if (gatewayId === undefined) return
  const regionId = await chooseRegion(context)
  if (regionId === null) return
  const bundle = await askNewBundle(context)
  if (bundle === null) return
  const body = { name, gatewayId, ...(regionId ? { regionId } : {}), ...(bundle ? { bundle } : {}) }
  // Shown at once; its phases arrive as events.
  catalog.gateways.upsert(await api.call('createGateway', { body }))
}
