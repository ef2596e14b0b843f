import type { Environment } from '@imprun/contracts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { chooseEnvironment } from './targets.ts'

type Ids = 'imprun.startEnvironment' | 'imprun.stopEnvironment' | 'imprun.acknowledgeDrift'

export function environmentCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { prompts, t } = context
  const patch = ({ gatewayId, name }: Environment, state: 'active' | 'inactive') =>
    openSession(context).api.call('patchEnvironment', { params: { gatewayId, environment: name }, body: { state } })
  return {
    'imprun.startEnvironment': async (node) => {
      const environment = await chooseEnvironment(context, node, t('Start which environment?'), ({ state }) => state === 'inactive')
      if (environment) await patch(environment, 'active')
    },

    'imprun.stopEnvironment': async (node) => {
      const environment = await chooseEnvironment(context, node, t('Stop which environment?'), ({ state }) => state === 'active')
      if (!environment) return
      const message = t('Stop {0}?', `${environment.gatewayId}/${environment.name}`)
      const detail = t('It stops answering. The other environments go on; data, functions and keys stay.')
      if (await prompts.confirm({ message, detail, yes: t('Stop') })) await patch(environment, 'inactive')
    },

    'imprun.acknowledgeDrift': async (node) => {
      const environment = await chooseEnvironment(context, node, t('Which drift have you seen?'), ({ drifted }) => drifted !== undefined)
      if (!environment) return
      const { gatewayId, name } = environment
      await openSession(context).api.call('acknowledgeDrift', { params: { gatewayId, environment: name } })
    },
  }
}
