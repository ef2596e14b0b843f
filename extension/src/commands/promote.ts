import type { CanaryWish, Deployment, EnvironmentName, ImprunFunction, PlannedFunction, PromotionPlan } from '@imprun/contracts'
import { environmentAfter, environmentBefore } from '@imprun/contracts/names'
import * as vscode from 'vscode'
import { servedIn } from '../tree/describe.ts'
import { describeProgress } from '../tree/describe-deployment.ts'
import { chooseCanary } from './canary-wish.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { mustConfirmProd } from './confirm-prod.ts'
import { namesOfApprovers } from './members.ts'
import { type Preview, type Step, showPlan, warningsOf } from './promotion-preview.ts'
import { type ChosenFunction, chooseEnvironment, chooseFunction, getFunctionFacts } from './targets.ts'

type Ids = 'imprun.promote' | 'imprun.promoteGradually' | 'imprun.promoteAll' | 'imprun.compareEnvironments'

export function promoteCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { t } = context
  return {
    'imprun.promote': async (target) => {
      const chosen = await chooseFunction(context, target, t('Promote a function'))
      if (chosen) await promoteOne(context, chosen, target !== undefined)
    },

    'imprun.promoteGradually': async (target) => {
      const chosen = await chooseFunction(context, target, t('Promote which function to a part of the callers first?'))
      const canary = chosen && (await chooseCanary(context))
      if (chosen && canary) await promoteOne(context, chosen, target !== undefined, canary)
    },

    'imprun.promoteAll': async (node) => {
      const source = await chooseEnvironment(context, node, t('Promote everything from which environment?'), ({ name }) => name !== 'prod')
      const to = source && environmentAfter(source.name)
      if (to) await promoteAll(context, source.gatewayId, { from: source.name, to })
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
      if (step) await showPlan(context, facts.gatewayId, [plannedOf(facts, step)], step)
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

async function promoteOne(context: CommandContext, chosen: ChosenFunction, isPointedAt: boolean, canary?: CanaryWish): Promise<void> {
  const { t, prompts } = context
  const facts = await getFunctionFacts(context, chosen)
  const step = await chooseStep(context, facts, chosen, isPointedAt)
  if (!step) return
  const { from, to } = step
  const change = plannedOf(facts, step)
  if (change.change === 'same') {
    await prompts.offer('info', t('{0} already serves {1} {2}.', to, facts.name, change.to?.version ?? ''))
    return
  }
  const question: Question = {
    ...step,
    gatewayId: facts.gatewayId,
    changes: [change],
    message: t('Promote {0} {1} to {2}?', facts.name, change.from?.version ?? '', to),
    yes: t('Promote to {0}', to),
  }
  // Without a release to show there is nothing to confirm either: the backend says in its own words why it refuses.
  if (change.from && !(await isAgreed(context, question))) return
  const { api } = openSession(context)
  const deployment = await inProgress(() =>
    api.call('promoteFunction', {
      params: { gatewayId: facts.gatewayId, functionId: facts.functionId },
      body: { from, to, ...(canary ? { canary } : {}) },
      idempotencyKey: crypto.randomUUID(),
    }),
  )
  tell(context, [deployment], deployment.message)
}

async function promoteAll(context: CommandContext, gatewayId: string, { from, to }: Step): Promise<void> {
  const { t, prompts } = context
  const { api } = openSession(context)
  const plan = await api.call('planPromotion', { params: { gatewayId, environment: to }, query: { from } })
  const differing = plan.functions.filter(({ change }) => change !== 'same')
  if (differing.length === 0) {
    await prompts.offer('info', t('{0} already serves everything that {1} serves.', to, from))
    return
  }
  const includeRemovals = await chooseRemovals(context, differing, { from, to })
  if (includeRemovals === undefined) return
  const changes = differing.filter(({ change }) => includeRemovals || change !== 'removed')
  const question: Question = { ...{ gatewayId, from, to, changes, message: questionOf(changes, to, t) }, yes: t('Promote all to {0}', to) }
  // The refusals are those of what was chosen.
  const chosen = includeRemovals ? await api.call('planPromotion', { params: { gatewayId, environment: to }, query: { from, includeRemovals: 'true' } }) : plan
  if (!(await isAgreed(context, question, chosen))) return
  const body = { from, includeRemovals, functions: changes.map(({ name }) => name) }
  const set = await inProgress(() => api.call('promoteEnvironment', { params: { gatewayId, environment: to }, body, idempotencyKey: crypto.randomUUID() }))
  tell(context, set.deployments, t('{0} functions from {1} to {2}', set.deployments.length, from, to))
}

/** Asked only where the target serves what the source does not. Undefined when given up. */
async function chooseRemovals({ prompts, t }: CommandContext, differing: readonly PlannedFunction[], { from, to }: Step): Promise<boolean | undefined> {
  const removed = differing.filter(({ change }) => change === 'removed').map(({ name }) => name)
  if (removed.length === 0) return false
  const promoted = differing.length - removed.length
  return prompts.pick<boolean>(t('{0} serves what {1} does not: {2}', to, from, removed.join(', ')), [
    ...(promoted > 0 ? [{ label: t('Leave it in {0}', to), detail: t('Functions that are promoted: {0}', promoted), value: false }] : []),
    { label: t('Take it out of {0}', to), detail: t('Promoted: {0}, taken out: {1}', promoted, removed.length), value: true },
  ])
}

function questionOf(changes: readonly PlannedFunction[], to: EnvironmentName, t: CommandContext['t']): string {
  const removed = changes.filter(({ change }) => change === 'removed').length
  const promoted = changes.length - removed
  if (promoted === 0) return t('Take out of {0}: {1}?', to, changes.map(({ name }) => name).join(', '))
  if (removed > 0) return t('Promote {0} functions to {1} and take {2} out of it?', promoted, to, removed)
  return promoted === 1 ? t('Promote 1 function to {0}?', to) : t('Promote {0} functions to {1}?', promoted, to)
}

interface Question extends Step {
  readonly gatewayId: string
  readonly changes: readonly PlannedFunction[]
  readonly message: string
  readonly yes: string
}

/** Shows what would change and what is to be known of it, and asks once; what would be refused is told instead. */
async function isAgreed(context: CommandContext, question: Question, known?: PromotionPlan): Promise<boolean> {
  const { gatewayId, from, to, changes } = question
  const { api } = openSession(context)
  const plan = known ?? (await api.call('planPromotion', { params: { gatewayId, environment: to }, query: { from } }))
  const preview = await showPlan(context, gatewayId, changes, question)
  const names = changes.map(({ name }) => name)
  const refusals = plan.refusals.filter(({ functionName }) => functionName === undefined || names.includes(functionName))
  if (refusals.length > 0) {
    await tellRefusals(context, question, refusals)
    return false
  }
  const approvers = plan.approvalsRequired > 0 ? await namesOfApprovers(context, gatewayId, to) : []
  const isYes = await ask(context, question, warningsOf(plan, approvers, context), preview)
  await preview.close()
  return isYes
}

/** All of them at once: whoever mends one should not meet the next. The difference stays, to look up what is meant. */
async function tellRefusals({ prompts, pages, t }: CommandContext, { gatewayId, from, to }: Question, refusals: PromotionPlan['refusals']): Promise<void> {
  const words = [...new Set(refusals.map(({ functionName, detail }) => (functionName ? `${functionName}: ${detail}` : detail)))]
  const details = t('Show details')
  const message = words.length === 1 ? t('This would be refused. {0}', words.join('')) : t('This would be refused for {0} reasons.', words.length)
  if ((await prompts.offer('error', message, details)) !== details) return
  const lines = refusals.flatMap(({ functionName = to, code, detail, errors = [] }) => [
    `${functionName}: ${detail}`,
    `  ${code}`,
    ...errors.map(({ field, message: fault }) => `  ${field}: ${fault}`),
  ])
  await pages.show(`${gatewayId} ${from} → ${to}`, `${gatewayId}/${to}`, `${lines.join('\n')}\n`)
}

async function ask({ prompts, t }: CommandContext, { to, changes, message, yes }: Question, warnings: string[], { summary }: Preview): Promise<boolean> {
  if (to !== 'prod') return (await prompts.offer(warnings.length > 0 ? 'warning' : 'info', [message, ...warnings].join(' '), yes)) === yes
  if (!mustConfirmProd()) return true
  const lines = changes.map((change) => describeChange(change, t))
  return prompts.confirm({ message, detail: [...lines, summary, ...warnings].join('\n'), yes })
}

function describeChange({ name, from, to }: PlannedFunction, t: CommandContext['t']): string {
  if (!from) return t('{0}: {1}, taken out', name, to?.version ?? '')
  return to ? t('{0}: {1} becomes {2}', name, to.version, from.version) : t('{0}: {1}, new', name, from.version)
}

const inProgress = <Answer>(work: () => Promise<Answer>) => vscode.window.withProgress({ location: { viewId: 'imprun.gateways' } }, work)

function tell(context: CommandContext, deployments: readonly Deployment[], message: string): void {
  const { t, prompts } = context
  for (const deployment of deployments) openSession(context).catalog.deploymentLists.accept(deployment)
  const [first] = deployments
  context.setContext('imprun.hasPromoted', true)
  prompts.tell(`$(${first?.status === 'SUCCESS' ? 'pass' : 'clock'}) ${[message, ...(first ? [describeProgress(first, t)] : [])].join(', ')}`)
}

function plannedOf(facts: ImprunFunction, { from, to }: Step): PlannedFunction {
  const [source, target] = [servedIn(facts, from), servedIn(facts, to)]
  const change = source && target ? (source.releaseId === target.releaseId ? 'same' : 'changed') : 'added'
  return { functionId: facts.functionId, name: facts.name, change, ...(source ? { from: source } : {}), ...(target ? { to: target } : {}) }
}

const versionIn = (facts: ImprunFunction, environment: EnvironmentName, { t }: CommandContext) => servedIn(facts, environment)?.version ?? t('(nothing)')
