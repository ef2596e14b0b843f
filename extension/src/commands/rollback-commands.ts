import type { Deployment, Environment, ImprunFunction } from '@imprun/contracts'
import { pageLimitMax } from '@imprun/contracts/paging'
import * as vscode from 'vscode'
import { DeploymentNode } from '../tree/deployment-node.ts'
import { servedIn } from '../tree/describe.ts'
import { EnvironmentNode } from '../tree/environment-node.ts'
import { FunctionNode } from '../tree/function-node.ts'
import { askReason } from './approval-commands.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { mustConfirmProd } from './confirm-prod.ts'
import { type ServedRelease, servedReleases } from './served-releases.ts'
import { chooseFunction, getFunctionFacts } from './targets.ts'

export function rollbackCommands(context: CommandContext): Pick<Handlers, 'imprun.rollback' | 'imprun.releaseHold'> {
  const { t } = context
  return {
    'imprun.rollback': async (target) => {
      if (target instanceof DeploymentNode) return rollBackTo(context, target.deployment)
      const chosen = await chooseFunction(context, target, t('Roll back which function?'))
      if (!chosen) return
      const facts = await getFunctionFacts(context, chosen)
      const environment = target instanceof FunctionNode ? chosen.environment : await chooseServing(context, facts)
      if (environment) await rollBack(context, facts, environment)
    },

    'imprun.releaseHold': async (node) => {
      const held = node instanceof EnvironmentNode ? node.facts : await chooseHeld(context)
      if (held) await liftHold(context, held)
    },
  }
}

/** Where the function is served; asked only if there is more than one such environment. */
async function chooseServing({ prompts, t }: CommandContext, { name, served }: ImprunFunction): Promise<Environment['name'] | undefined> {
  if (served.length === 0) await prompts.offer('info', t('No environment serves {0}.', name))
  if (served.length < 2) return served[0]?.environment
  return prompts.pick(
    t('Roll back {0} in which environment?', name),
    served.map(({ environment, version }) => ({ label: environment, description: version, value: environment })),
  )
}

async function rollBack(context: CommandContext, facts: ImprunFunction, environment: Environment['name']): Promise<void> {
  const wanted = await chooseRelease(context, facts, environment)
  if (wanted) await rollBackTo(context, wanted.last)
}

/** Serves again what a deployment once brought. */
async function rollBackTo(context: CommandContext, { gatewayId, functionId, functionName: name, environment, releaseId, version }: Deployment): Promise<void> {
  const { prompts, t } = context
  const { api } = openSession(context)
  const params = { gatewayId, functionId }
  const reason = await askReason(
    context,
    t('Why does {0} in {1} go back to {2}?', name, environment, version),
    t('The code goes back, the data does not. The reason, for those who come after.'),
  )
  if (reason === undefined || (environment === 'prod' && !(await confirmProd(context, name, version)))) return
  const body = { environment, releaseId, reason }
  await vscode.window.withProgress({ location: { viewId: 'imprun.gateways' } }, () =>
    api.call('rollbackFunction', { params, body, idempotencyKey: crypto.randomUUID() }),
  )
  prompts.tell(`$(discard) ${t('{0}: back on {1} · held', environment, version)}`)
}

async function chooseRelease(context: CommandContext, facts: ImprunFunction, environment: Environment['name']): Promise<ServedRelease | undefined> {
  const { prompts, t } = context
  const { gatewayId, functionId, name } = facts
  const present = servedIn(facts, environment)
  const query = { environment, status: 'SUCCESS' as const, limit: pageLimitMax }
  const { items } = await openSession(context).api.call('listDeployments', { params: { gatewayId, functionId }, query })
  const releases = servedReleases(items, present?.releaseId)
  if (releases.length === 0) {
    await prompts.offer('info', t('{0} has served no other release of {1} yet.', environment, name))
    return undefined
  }
  return prompts.pick(
    t('Roll back {0} in {1} to', name, environment),
    releases.map((release) => choiceOf(release, context)),
    present && t('{0} is there now', present.version),
  )
}

const choiceOf = (release: ServedRelease, { t }: CommandContext) => ({
  label: release.last.version,
  ...(release.isBefore ? { description: t('the release before') } : {}),
  detail: lastServed(release.last),
  value: release,
})

const lastServed = ({ message, by, createdAt }: Deployment) => [message, by, new Date(createdAt).toLocaleString()].join(' · ')

async function confirmProd({ prompts, t }: CommandContext, name: string, version: string): Promise<boolean> {
  if (!mustConfirmProd()) return true
  return prompts.confirm({
    message: t('Roll back {0} in prod to {1}?', name, version),
    detail: t('The code goes back, the data does not. Until a person deploys or lifts the hold, automation cannot deploy to prod.'),
    yes: t('Roll back'),
  })
}

async function chooseHeld(context: CommandContext): Promise<Environment | undefined> {
  const { prompts, t } = context
  const gateways = await openSession(context).catalog.gateways.ensureLoaded()
  const held = gateways.flatMap(({ environments }) => environments).filter((environment) => environment.held)
  if (held.length === 0) await prompts.offer('info', t('No environment is held.'))
  if (held.length < 2) return held[0]
  return prompts.pick(
    t('Lift the hold of'),
    held.map((environment) => ({ label: `${environment.gatewayId}/${environment.name}`, detail: environment.held?.reason ?? '', value: environment })),
  )
}

async function liftHold(context: CommandContext, { gatewayId, name }: Environment): Promise<void> {
  const { prompts, t } = context
  const place = `${gatewayId}/${name}`
  const reason = await askReason(context, t('Why may automation deploy to {0} again?', place))
  if (reason === undefined) return
  await openSession(context).api.call('releaseHold', { params: { gatewayId, environment: name }, body: { reason } })
  prompts.tell(`$(unlock) ${t('{0} is no longer held.', place)}`)
}
