import type { Deployment } from '@imprun/contracts'
import { reasonSchema } from '@imprun/contracts/deployment'
import { isAwaitingApproval } from '../api/deployment-lists.ts'
import { DeploymentNode } from '../tree/deployment-node.ts'
import { approvedBy, describeDeployment, describeProgress } from '../tree/describe-deployment.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { DeploymentTarget, Handlers } from './command-table.ts'
import { mustConfirmProd } from './confirm-prod.ts'
import { firstFault } from './validation.ts'

type Ids = 'imprun.approve' | 'imprun.reject' | 'imprun.cancelDeployment'

export function approvalCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { prompts, t } = context
  return {
    'imprun.approve': async (target) => {
      const deployment = await chooseWaiting(context, target, t('Approve a deployment'))
      if (!deployment || !(await isMeant(context, deployment))) return
      const { api } = openSession(context)
      settle(context, await api.call('approveDeployment', { params: paramsOf(deployment), body: {}, idempotencyKey: crypto.randomUUID() }), t('approved'))
    },

    'imprun.reject': async (target) => {
      const deployment = await chooseWaiting(context, target, t('Reject a deployment'))
      const reason = deployment && (await askReason(context, t('Why is {0} {1} not to go to {2}?', ...words(deployment))))
      if (!deployment || reason === undefined) return
      const { api } = openSession(context)
      settle(context, await api.call('rejectDeployment', { params: paramsOf(deployment), body: { reason } }), t('rejected'))
    },

    'imprun.cancelDeployment': async (target) => {
      const deployment = await chooseMine(context, target)
      if (!deployment) return
      const message = t('Take back {0} {1} to {2}?', ...words(deployment))
      const detail = t('It no longer waits for approval. What is served stays as it is.')
      if (!(await prompts.confirm({ message, detail, yes: t('Take back') }))) return
      const { api } = openSession(context)
      settle(context, await api.call('cancelDeployment', { params: paramsOf(deployment), body: {} }), t('taken back'))
    },
  }
}

const paramsOf = ({ gatewayId, deploymentId }: Deployment) => ({ gatewayId, deploymentId })
const words = ({ functionName, version, gatewayId, environment }: Deployment) => [functionName, version, `${gatewayId}/${environment}`] as const

function settle(context: CommandContext, deployment: Deployment, done: string): void {
  const { catalog } = openSession(context)
  catalog.deploymentLists.accept(deployment)
  context.prompts.tell(`$(check) ${[`${deployment.functionName} ${deployment.version}: ${done}`, describeProgress(deployment, context.t)].join(', ')}`)
}

/** The last yes deploys, so prod asks as it does for any other deployment. */
async function isMeant({ prompts, t }: CommandContext, deployment: Deployment): Promise<boolean> {
  const { approval, environment, by, setId } = deployment
  const missing = (approval?.required ?? 0) - approvedBy(deployment).length
  if (environment !== 'prod' || missing > 1 || !mustConfirmProd()) return true
  const detail = [
    t('{0} asked for it. Yours is the last approval that it needs: it is deployed at once.', by),
    ...(setId ? [t('It belongs to a set, all of which is deployed.')] : []),
  ]
  return prompts.confirm({ message: t('Approve {0} {1} to {2}?', ...words(deployment)), detail: detail.join('\n'), yes: t('Approve') })
}

async function chooseWaiting(context: CommandContext, target: DeploymentTarget, title: string): Promise<Deployment | undefined> {
  const { approvals } = openSession(context).catalog.deploymentLists
  if (target instanceof DeploymentNode) return target.deployment
  const waiting = await approvals.ensureLoaded()
  if (typeof target === 'string') return approvals.find(target)
  if (waiting.length === 0) await context.prompts.offer('info', context.t('Nothing waits for your approval.'))
  return waiting.length === 0
    ? undefined
    : context.prompts.pick(
        title,
        waiting.map((item) => choiceOf(item, context)),
      )
}

async function chooseMine(context: CommandContext, target: DeploymentTarget): Promise<Deployment | undefined> {
  if (target instanceof DeploymentNode) return target.deployment
  const { backend, catalog } = openSession(context)
  const gateways = await catalog.gateways.ensureLoaded()
  const running = await Promise.all(gateways.map(({ gatewayId }) => catalog.deploymentLists.running(gatewayId).ensureLoaded()))
  const mine = running.flat().filter((item) => isAwaitingApproval(item) && item.byUserId === backend.userId)
  if (mine.length === 0) await context.prompts.offer('info', context.t('Nothing of yours waits for approval.'))
  return mine.length === 0
    ? undefined
    : context.prompts.pick(
        context.t('Take back a deployment'),
        mine.map((item) => choiceOf(item, context)),
      )
}

const choiceOf = (deployment: Deployment, { t }: CommandContext) => ({
  label: deployment.message,
  description: `${deployment.gatewayId}/${deployment.environment}`,
  detail: describeDeployment(deployment, t),
  value: deployment,
})

/** Asks for the reason that a decision needs. Undefined when given up. */
export const askReason = ({ prompts, t }: CommandContext, title: string, prompt = t('The reason, for those who come after.')): Promise<string | undefined> =>
  prompts.input({ title, prompt, validate: (text) => firstFault(reasonSchema, text) })
