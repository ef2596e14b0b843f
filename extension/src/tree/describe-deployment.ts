import type { Canary, CanaryCalls, Deployment } from '@imprun/contracts'
import { isAwaitingApproval } from '../api/deployment-lists.ts'
import type { Translate } from '../ui/translate.ts'

/** `calculateTax 1.0.3`: what a person looks for in a history. */
export const titleOf = ({ functionName, version }: Deployment): string => `${functionName} ${version}`

/** `staging → prod · live in 38 ms · kim` */
export function describeDeployment(deployment: Deployment, t: Translate): string {
  return [describeWay(deployment, t), describeProgress(deployment, t), deployment.by].join(' · ')
}

function describeWay({ kind, from, environment }: Deployment, t: Translate): string {
  if (kind === 'rollback') return t('back in {0}', environment)
  if (kind === 'removal') return t('out of {0}', environment)
  return from ? `${from} → ${environment}` : `→ ${environment}`
}

/** How far it has come, in few words. States keep the words they have everywhere else. */
export function describeProgress(deployment: Deployment, t: Translate): string {
  const { status, approval, canary, liveMs } = deployment
  if (isAwaitingApproval(deployment) && approval) return t('waits for approval, {0} of {1}', approvedBy(deployment).length, approval.required)
  if (status === 'IN_PROGRESS' && canary) return canary.isHealthCheck ? t('health check') : t('canary {0} %', canary.percent)
  return status === 'SUCCESS' && liveMs !== undefined ? t('live in {0} ms', Math.round(liveMs)) : status
}

/** One thing that a deployment does, or did. */
export interface DeploymentStep {
  readonly label: string
  readonly description: string
  readonly icon: 'circle-large-outline' | 'sync~spin' | 'pass' | 'error' | 'clockface'
}

/** What it has behind it, what it does, and what is still to come. Of one that has ended only its canary is told. */
export function stepsOf(deployment: Deployment, t: Translate): DeploymentStep[] {
  const { status } = deployment
  return [
    ...approvalSteps(deployment, t),
    step('VALIDATING', status === 'VALIDATING' ? t('checking') : '', passed(status, 'VALIDATING')),
    ...(deployment.canary ? canarySteps(deployment, deployment.canary, t) : [step('IN_PROGRESS', '', passed(status, 'IN_PROGRESS'))]),
  ]
}

function approvalSteps(deployment: Deployment, t: Translate): DeploymentStep[] {
  const { approval } = deployment
  if (!approval) return []
  const isOver = !isAwaitingApproval(deployment)
  const decisions = approval.decisions.map(({ by, decision, comment }) =>
    step(decision === 'approved' ? t('{0} approved', by) : t('{0} rejected', by), comment ?? '', decision === 'approved' ? 'pass' : 'error'),
  )
  const missing = approval.required - approvedBy(deployment).length
  if (isOver || missing <= 0) return decisions
  const until = t('until {0}', new Date(approval.expiresAt).toLocaleString())
  return [...decisions, step(missing === 1 ? t('1 approval is missing') : t('{0} approvals are missing', missing), until, 'clockface')]
}

function canarySteps({ status }: Deployment, canary: Canary, t: Translate): DeploymentStep[] {
  const isRunning = status === 'IN_PROGRESS'
  return canary.steps.map(({ percent, holdS }, index) => {
    const number = index + 1
    const words = canary.isHealthCheck ? t('all callers, watched for {0} s', holdS) : t('{0} % of the callers for {1} s', percent, holdS)
    if (number < canary.step) return step(words, '', 'pass')
    if (number > canary.step) return step(words, '', 'circle-large-outline')
    return step(words, describeWindow(canary, t), isRunning ? 'sync~spin' : canary.verdict === 'failing' ? 'error' : 'pass')
  })
}

/** `failing 3 of 40, before: 0 of 120 · too few requests to judge by` */
export function describeWindow({ window, verdict }: Canary, t: Translate): string {
  const share = ({ calls, failed }: CanaryCalls) => t('{0} of {1} failed', failed, calls)
  const words = verdict === 'insufficient' ? t('too few requests to judge by') : verdict === 'failing' ? t('failing more than before') : t('healthy')
  return [words, t('new: {0}', share(window.candidate)), t('before: {0}', share(window.baseline))].join(' · ')
}

export const approvedBy = ({ approval }: Deployment): string[] =>
  (approval?.decisions ?? []).filter(({ decision }) => decision === 'approved').map(({ by }) => by)

const order = ['PENDING', 'VALIDATING', 'IN_PROGRESS', 'SUCCESS'] as const

function passed(status: Deployment['status'], at: (typeof order)[number]): DeploymentStep['icon'] {
  const [now, wanted] = [order.indexOf(status as (typeof order)[number]), order.indexOf(at)]
  if (now === wanted) return 'sync~spin'
  return now > wanted ? 'pass' : 'circle-large-outline'
}

const step = (label: string, description: string, icon: DeploymentStep['icon']): DeploymentStep => ({ label, description, icon })
