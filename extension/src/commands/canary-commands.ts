import type { Deployment } from '@imprun/contracts'
import { DeploymentNode } from '../tree/deployment-node.ts'
import { describeDeployment, describeWindow } from '../tree/describe-deployment.ts'
import { FunctionNode } from '../tree/function-node.ts'
import { askReason } from './approval-commands.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { chooseGateway } from './targets.ts'

type Ids = 'imprun.promoteCanary' | 'imprun.abortCanary'

export function canaryCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { prompts, t } = context
  return {
    'imprun.promoteCanary': async (target) => {
      const deployment = await chooseCanaryRun(context, target, t('Serve which canary to all callers?'))
      if (!deployment?.canary) return
      const message = t('Serve {0} {1} to all callers of {2}?', deployment.functionName, deployment.version, deployment.environment)
      if (!(await prompts.confirm({ message, detail: describeWindow(deployment.canary, t), yes: t('Serve to all') }))) return
      const { api, catalog } = openSession(context)
      const { gatewayId, deploymentId } = deployment
      catalog.deploymentLists.accept(await api.call('promoteCanary', { params: { gatewayId, deploymentId }, idempotencyKey: crypto.randomUUID() }))
    },

    'imprun.abortCanary': async (target) => {
      const deployment = await chooseCanaryRun(context, target, t('Take which canary back?'))
      const reason = deployment && (await askReason(context, t('Why does {0} {1} go back?', deployment.functionName, deployment.version)))
      if (!deployment || reason === undefined) return
      const { api, catalog } = openSession(context)
      const { gatewayId, deploymentId } = deployment
      catalog.deploymentLists.accept(await api.call('abortCanary', { params: { gatewayId, deploymentId }, body: { reason } }))
    },
  }
}

async function chooseCanaryRun(context: CommandContext, target: unknown, title: string): Promise<Deployment | undefined> {
  if (target instanceof DeploymentNode) return target.deployment
  if (target instanceof FunctionNode) return target.underWay
  const gateway = await chooseGateway(context, undefined, title)
  if (!gateway) return undefined
  const running = await openSession(context).catalog.deploymentLists.running(gateway.gatewayId).ensureLoaded()
  const canaries = running.filter(({ canary, status }) => canary !== undefined && status === 'IN_PROGRESS')
  if (canaries.length === 0) await context.prompts.offer('info', context.t('No canary runs in {0}.', gateway.name))
  if (canaries.length < 2) return canaries[0]
  return context.prompts.pick(
    title,
    canaries.map((item) => ({ label: item.message, detail: describeDeployment(item, context.t), value: item })),
  )
}
