import type { EnvironmentName, PlannedFunction, PromotionPlan } from '@imprun/contracts'
import * as vscode from 'vscode'
import { closeDifferences, openDifferences, type Sides } from '../workspace/diff-tabs.ts'
import { readOnlyUri } from '../workspace/read-only-documents.ts'
import type { CommandContext } from './command-context.ts'
import { countChangedLines } from './line-changes.ts'

export interface Step {
  readonly from: EnvironmentName
  readonly to: EnvironmentName
}

export interface Preview {
  /** Lines added and removed over all functions. */
  readonly summary: string
  close(): Promise<void>
}

/** What the target serves on the left, what would come on the right; a first promotion is shown against nothing. */
export async function showPlan(context: CommandContext, gatewayId: string, changes: readonly PlannedFunction[], { from, to }: Step): Promise<Preview> {
  const [only] = changes
  const none = context.t('(nothing)')
  const title =
    only && changes.length === 1 ? `${only.name}: ${to} ${only.to?.version ?? none} ↔ ${from} ${only.from?.version ?? none}` : `${gatewayId}: ${to} ↔ ${from}`
  const sides = changes.map((change) => ({
    left: uriOf(gatewayId, change, to, change.to),
    right: uriOf(gatewayId, change, from, change.from),
    isNew: change.to === undefined,
  }))
  await openDifferences(title, sides)
  const counts = await Promise.all(sides.map(countLines))
  const [added, removed] = [sum(counts.map((count) => count.added)), sum(counts.map((count) => count.removed))]
  return { summary: context.t('{0} lines added, {1} removed.', added, removed), close: () => closeDifferences(title, sides) }
}

/** What is to be known before the one button: missing variables, and whose approval it will wait for. */
export function warningsOf({ variablesMissing, approvalsRequired, to }: PromotionPlan, approvers: readonly string[], { t }: CommandContext): string[] {
  const who = approvers.length > 0 ? t('by {0}', approvers.join(', ')) : t('by members who may approve')
  const needed = approvalsRequired === 1 ? t('It waits for 1 approval {0}.', who) : t('It waits for {0} approvals {1}.', approvalsRequired, who)
  return [
    ...(variablesMissing.length > 0 ? [t('{0} lacks the variables {1}.', to, variablesMissing.join(', '))] : []),
    ...(approvalsRequired > 0 ? [needed] : []),
  ]
}

async function countLines({ left, right }: Sides): Promise<{ added: number; removed: number }> {
  const [before, after] = await Promise.all([left, right].map((uri) => vscode.workspace.openTextDocument(uri)))
  return countChangedLines(before?.getText() ?? '', after?.getText() ?? '')
}

function uriOf(gatewayId: string, { functionId, name }: PlannedFunction, environment: EnvironmentName, release: PlannedFunction['from']): vscode.Uri {
  if (!release) return readOnlyUri({ kind: 'nothing', gatewayId, name, environment })
  return readOnlyUri({ kind: 'release', gatewayId, functionId, name, environment, releaseId: release.releaseId, version: release.version })
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
