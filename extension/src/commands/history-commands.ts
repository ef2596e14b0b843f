import type { Deployment } from '@imprun/contracts'
import { pageLimitMax } from '@imprun/contracts/paging'
import * as vscode from 'vscode'
import { DeploymentNode } from '../tree/deployment-node.ts'
import { describeDeployment } from '../tree/describe-deployment.ts'
import { readOnlyUri } from '../workspace/read-only-documents.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { chooseFunction, chooseGateway } from './targets.ts'

// As many as a person looks through in a list; the view has the rest.
const shownMax = 50

export function historyCommands(context: CommandContext): Pick<Handlers, 'imprun.showHistory' | 'imprun.openDeployment'> {
  const { t } = context
  return {
    'imprun.showHistory': async (target) => {
      const chosen = await chooseFunction(context, target, t('Show the history of'))
      if (!chosen) return
      const params = { gatewayId: chosen.gatewayId, functionId: chosen.functionId }
      const { api } = openSession(context)
      const history = Promise.all([
        api.call('listDeployments', { params, query: { limit: shownMax } }),
        api.call('listReleases', { params, query: { limit: pageLimitMax } }),
      ])
      const picked = await context.prompts.pick<Deployment>(
        t('History of {0}', chosen.name),
        history.then(([deployments, releases]) => {
          const notes = new Map(releases.items.map((release) => [release.releaseId, release.notes]))
          return deployments.items.map((item) => choiceOf(item, context, notes.get(item.releaseId)))
        }),
      )
      if (picked) await openRelease(picked)
    },

    'imprun.openDeployment': async (node) => {
      const picked = node instanceof DeploymentNode ? node.deployment : await chooseDeployment(context)
      if (picked) await openRelease(picked)
    },
  }
}

async function chooseDeployment(context: CommandContext): Promise<Deployment | undefined> {
  const gateway = await chooseGateway(context, undefined, context.t('Open a deployed release'))
  if (!gateway) return undefined
  const list = openSession(context).catalog.deploymentLists.history(gateway.gatewayId)
  return context.prompts.pick<Deployment>(
    context.t('Open a deployed release'),
    list.ensureLoaded().then((items) => items.map((item) => choiceOf(item, context))),
  )
}

/** The message names a rollback's reason. */
const choiceOf = (deployment: Deployment, { t }: CommandContext, notes?: string) => ({
  label: `$(${deployment.status === 'SUCCESS' ? 'pass' : 'error'}) ${deployment.message}`,
  description: describeDeployment(deployment, t),
  detail: [notes?.split('\n')[0], deployment.by, new Date(deployment.createdAt).toLocaleString(), deployment.error?.detail].filter(Boolean).join(' · '),
  value: deployment,
})

/** What was deployed, as it was. */
async function openRelease({ gatewayId, functionId, functionName: name, environment, releaseId, version }: Deployment): Promise<void> {
  await vscode.window.showTextDocument(readOnlyUri({ kind: 'release', gatewayId, functionId, name, environment, releaseId, version }))
}
