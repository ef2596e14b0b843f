import type { Deployment } from '@imprun/contracts'
import * as vscode from 'vscode'
import type { Prompts } from '../ui/prompts.ts'

/** A notification that decides: for one with its two answers, for several with the way to their rows. */
export function createApprovalTeller(prompts: Prompts): (arrived: readonly Deployment[]) => void {
  return (arrived) => {
    const [only, ...others] = arrived
    if (only && others.length === 0) void offerOne(prompts, only)
    else void offerMany(prompts, arrived.length)
  }
}

async function offerOne(prompts: Prompts, { deploymentId, by, functionName, version, gatewayId, environment, setId }: Deployment): Promise<void> {
  const { t } = vscode.l10n
  const [approve, reject, show] = [t('Approve'), t('Reject…'), t('Show')]
  const place = `${gatewayId}/${environment}`
  const message = setId
    ? t('{0} asks for your approval to deploy {1} {2} and others to {3}.', by, functionName, version, place)
    : t('{0} asks for your approval to deploy {1} {2} to {3}.', by, functionName, version, place)
  const answer = await prompts.offer('info', message, approve, reject, show)
  if (answer === approve) await vscode.commands.executeCommand('imprun.approve', deploymentId)
  if (answer === reject) await vscode.commands.executeCommand('imprun.reject', deploymentId)
  if (answer === show) await showView()
}

async function offerMany(prompts: Prompts, count: number): Promise<void> {
  const { t } = vscode.l10n
  const show = t('Show')
  if ((await prompts.offer('info', t('{0} deployments wait for your approval.', count), show)) === show) await showView()
}

const showView = () => vscode.commands.executeCommand('imprun.deployments.focus')
