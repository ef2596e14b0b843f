import { type EnvironmentName, environmentAfter, environmentBefore, type ImprunFunction, type Served } from '@imprun/contracts'
import * as vscode from 'vscode'
import { servedIn } from '../tree/describe.ts'
import { readOnlyUri } from '../workspace/read-only-documents.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { countChangedLines } from './line-changes.ts'
import { type ChosenFunction, chooseFunction, getFunctionFacts } from './targets.ts'

interface Step {
  readonly from: EnvironmentName
  readonly to: EnvironmentName
}

export function promoteCommands(context: CommandContext): Pick<Handlers, 'imprun.promote' | 'imprun.compareEnvironments'> {
  const { t } = context
  return {
    'imprun.promote': async (target) => {
      const chosen = await chooseFunction(context, target, t('Promote a function'))
      if (!chosen) return
      const facts = await getFunctionFacts(context, chosen)
      const step = await chooseStep(context, facts, chosen, target !== undefined)
      if (step) await promote(context, facts, step)
    },

    'imprun.compareEnvironments': async (target) => {
      const chosen = await chooseFunction(context, target, t('Compare environments'))
      if (!chosen) return
      const facts = await getFunctionFacts(context, chosen)
      const step = await context.prompts.pick(
        t('Compare environments of {0}', facts.name),
        steps.map(({ from, to }) => ({
          label: `${to} ↔ ${from}`,
          description: `${versionIn(facts, to, context)} ↔ ${versionIn(facts, from, context)}`,
          value: { from, to },
        })),
      )
      if (step) await showDifference(context, facts, step)
    },
  }
}

const steps: readonly Step[] = [
  { from: 'dev', to: 'staging' },
  { from: 'staging', to: 'prod' },
  { from: 'dev', to: 'prod' },
]

/** A row or file says where from, and the next environment is where to; the palette asks. */
async function chooseStep(context: CommandContext, facts: ImprunFunction, { environment }: ChosenFunction, isPointedAt: boolean): Promise<Step | undefined> {
  const to = environmentAfter(environment)
  if (isPointedAt && to) return { from: environment, to }
  const { t } = context
  return context.prompts.pick(
    t('Promote {0}', facts.name),
    steps.map(({ from, to }) => ({
      label: `${from} → ${to}`,
      description: `${versionIn(facts, from, context)} → ${versionIn(facts, to, context)}`,
      ...(environmentBefore(to) === from ? {} : { detail: t('Passes over staging; refused while the pipeline is on.') }),
      value: { from, to },
    })),
  )
}

async function promote(context: CommandContext, facts: ImprunFunction, { from, to }: Step): Promise<void> {
  const { t, prompts } = context
  const [source, target] = [servedIn(facts, from), servedIn(facts, to)]
  if (source && target && source.releaseId === target.releaseId) {
    await prompts.offer('info', t('{0} already serves {1} {2}.', to, facts.name, target.version))
    return
  }
  // Without a release to show there is nothing to confirm either: the backend says in its own words why it refuses.
  if (source) {
    const difference = await showDifference(context, facts, { from, to })
    const isAgreed = to === 'prod' ? await confirmProd(context, facts, source, target, difference.summary) : await confirmOther(context, facts, source, to)
    await difference.close()
    if (!isAgreed) return
  }
  const { api } = openSession(context)
  const deployment = await vscode.window.withProgress({ location: { viewId: 'imprun.gateways' } }, () =>
    api.call('promoteFunction', {
      params: { gatewayId: facts.gatewayId, functionId: facts.functionId },
      body: { from, to },
      idempotencyKey: crypto.randomUUID(),
    }),
  )
  context.setContext('imprun.hasPromoted', true)
  const live = deployment.liveMs === undefined ? '' : t(', live in {0} ms', Math.round(deployment.liveMs))
  prompts.tell(`$(pass) ${deployment.message}${live}`)
}

async function confirmOther({ prompts, t }: CommandContext, facts: ImprunFunction, source: Served, to: EnvironmentName): Promise<boolean> {
  const yes = t('Promote to {0}', to)
  return (await prompts.offer('info', t('Promote {0} {1} to {2}?', facts.name, source.version, to), yes)) === yes
}

async function confirmProd(
  { prompts, t }: CommandContext,
  facts: ImprunFunction,
  source: Served,
  target: Served | undefined,
  summary: string,
): Promise<boolean> {
  if (!vscode.workspace.getConfiguration('imprun').get('confirmProd', true)) return true
  const change = target
    ? t('{0} now serves {1}. It will serve {2}.', 'prod', target.version, source.version)
    : t('{0} serves nothing yet. It will serve {1}.', 'prod', source.version)
  return prompts.confirm({ message: t('Promote {0} to prod?', facts.name), detail: `${change}\n${summary}`, yes: t('Promote to prod') })
}

/** What the target serves on the left, what would come on the right; a first promotion is shown against nothing. */
async function showDifference(context: CommandContext, facts: ImprunFunction, { from, to }: Step): Promise<{ summary: string; close(): Promise<void> }> {
  const [left, right] = [uriIn(facts, to), uriIn(facts, from)]
  const title = `${facts.name}: ${to} ${versionIn(facts, to, context)} ↔ ${from} ${versionIn(facts, from, context)}`
  const [before, after] = await Promise.all([left, right].map((uri) => vscode.workspace.openTextDocument(uri)))
  await vscode.commands.executeCommand('vscode.diff', left, right, title, { preview: true })
  const { added, removed } = countChangedLines(before?.getText() ?? '', after?.getText() ?? '')
  return { summary: context.t('{0} lines added, {1} removed.', added, removed), close: () => closeDiff(left, right) }
}

function uriIn(facts: ImprunFunction, environment: EnvironmentName): vscode.Uri {
  const { gatewayId, functionId, name } = facts
  const served = servedIn(facts, environment)
  if (!served) return readOnlyUri({ kind: 'nothing', gatewayId, name, environment })
  return readOnlyUri({ kind: 'release', gatewayId, functionId, name, environment, releaseId: served.releaseId, version: served.version })
}

const versionIn = (facts: ImprunFunction, environment: EnvironmentName, { t }: CommandContext) => servedIn(facts, environment)?.version ?? t('(nothing)')

async function closeDiff(left: vscode.Uri, right: vscode.Uri): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs)
  const isOurs = ({ input }: vscode.Tab) =>
    input instanceof vscode.TabInputTextDiff && input.original.toString() === left.toString() && input.modified.toString() === right.toString()
  await vscode.window.tabGroups.close(tabs.filter(isOurs))
}
