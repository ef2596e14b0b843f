import type { Deployment } from '@imprun/contracts'
import { deploymentStatuses } from '@imprun/contracts/deployment'
import { environmentNames } from '@imprun/contracts/names'
import * as vscode from 'vscode'
import type { DeploymentFilter } from '../api/deployment-lists.ts'
import { openDifferences } from '../workspace/diff-tabs.ts'
import { readOnlyUri } from '../workspace/read-only-documents.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { deploymentText } from './deployment-text.ts'

type Ids = 'imprun.showDeployment' | 'imprun.compareDeployment' | 'imprun.copyDeploymentId' | 'imprun.filterDeployments'

export function deploymentCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { prompts, t } = context
  return {
    'imprun.showDeployment': async ({ deployment }) => {
      const { functionName, version, environment } = deployment
      await context.pages.show(`${functionName} ${version} ${environment}`, deployment.deploymentId, deploymentText(deployment, t))
    },

    'imprun.compareDeployment': async ({ deployment }) => {
      const before = await findBefore(context, deployment)
      const title = `${deployment.functionName}: ${deployment.environment} ${before?.version ?? t('(nothing)')} ↔ ${deployment.version}`
      await openDifferences(title, [{ left: before ? uriOf(before) : nothingOf(deployment), right: uriOf(deployment) }])
    },

    'imprun.copyDeploymentId': async ({ deployment }) => {
      await vscode.env.clipboard.writeText(deployment.deploymentId)
      prompts.tell(t('Copied {0}', deployment.deploymentId))
    },

    'imprun.filterDeployments': async () => {
      const { deploymentLists } = openSession(context).catalog
      const filter = await chooseFilter(context, deploymentLists.filter)
      if (!filter) return
      deploymentLists.setFilter(filter)
      context.setContext('imprun.isHistoryFiltered', Object.keys(filter).length > 0)
      context.refreshViews()
    },
  }
}

/** What the environment was given before: of a promotion or rollback the release that it took the place of. */
async function findBefore(
  context: CommandContext,
  { gatewayId, functionId, environment, deploymentId, releaseId }: Deployment,
): Promise<Deployment | undefined> {
  const query = { environment, status: 'SUCCESS' as const, limit: lookedAtMax }
  const { items } = await openSession(context).api.call('listDeployments', { params: { gatewayId, functionId }, query })
  const older = items.filter((item) => item.deploymentId < deploymentId)
  return older.find((item) => item.releaseId !== releaseId)
}
// Of a function in one environment; what lies further back is found with "Compare releases".
const lookedAtMax = 200

const uriOf = ({ gatewayId, functionId, functionName: name, environment, releaseId, version }: Deployment) =>
  readOnlyUri({ kind: 'release', gatewayId, functionId, name, environment, releaseId, version })
const nothingOf = ({ gatewayId, functionName: name, environment }: Deployment) => readOnlyUri({ kind: 'nothing', gatewayId, name, environment })

type Part = keyof DeploymentFilter

async function chooseFilter(context: CommandContext, now: DeploymentFilter): Promise<DeploymentFilter | undefined> {
  const { prompts, t } = context
  const isFiltered = Object.keys(now).length > 0
  const part = await prompts.pick<Part | 'all'>(t('Filter deployments'), [
    { label: t('By environment'), description: now.environment ?? '', value: 'environment' },
    { label: t('By status'), description: now.status ?? '', value: 'status' },
    { label: t('By function name'), description: now.filter ?? '', value: 'filter' },
    ...(isFiltered ? [{ label: t('Show all again'), value: 'all' as const }] : []),
  ])
  if (part === undefined || part === 'all') return part && {}
  const value = await chooseValue(context, part, now)
  if (value === undefined) return undefined
  const { [part]: _, ...others } = now
  return value === '' ? others : { ...others, [part]: value }
}

/** An empty text lifts this part of the filter. */
async function chooseValue({ prompts, t }: CommandContext, part: Part, now: DeploymentFilter): Promise<string | undefined> {
  if (part === 'filter')
    return (
      await prompts.input({ title: t('Filter deployments'), prompt: t('Part of a function name. Leave it empty to see all.'), value: now.filter ?? '' })
    )?.trim()
  const values = part === 'environment' ? environmentNames : deploymentStatuses
  const choices = values.map((value) => ({ label: value, value: value as string, ...(value === now[part] ? { description: t('now') } : {}) }))
  return prompts.pick(part === 'environment' ? t('By environment') : t('By status'), [{ label: t('Any'), value: '' }, ...choices])
}
