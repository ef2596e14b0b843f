import type { Deployment, DeploymentStatus } from '@imprun/contracts'
import * as vscode from 'vscode'
import { isAwaitingApproval, isOpen } from '../api/deployment-lists.ts'
import { contextValues, type DeploymentStanding } from './context-values.ts'
import { type DeploymentStep, describeDeployment, stepsOf, titleOf } from './describe-deployment.ts'
import { localTime } from './describe-environment.ts'
import type { TreeContext, TreeNode } from './tree-node.ts'

const icons: Record<DeploymentStatus, string> = {
  PENDING: 'clockface',
  VALIDATING: 'sync~spin',
  IN_PROGRESS: 'sync~spin',
  SUCCESS: 'pass',
  FAILED: 'error',
  ROLLED_BACK: 'discard',
  SUPERSEDED: 'circle-slash',
}

export class DeploymentNode implements TreeNode {
  readonly id: string
  readonly parent: TreeNode | undefined
  readonly #context: TreeContext
  #last: Deployment

  /** @param place tells rows of the same deployment apart: what waits for you stands in the history of its gateway as well. */
  constructor(parent: TreeNode | undefined, deployment: Deployment, context: TreeContext, place = '') {
    this.id = `${place}${deployment.deploymentId}`
    this.parent = parent
    this.#last = deployment
    this.#context = context
  }

  get deployment(): Deployment {
    const { gatewayId, deploymentId } = this.#last
    this.#last = this.#context.session.catalog.deploymentLists.find(gatewayId, deploymentId) ?? this.#last
    return this.#last
  }

  toTreeItem(): vscode.TreeItem {
    const { deployment } = this
    const { t } = this.#context
    const description = describeDeployment(deployment, t)
    const item = new vscode.TreeItem(titleOf(deployment), isOpen(deployment) ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None)
    item.id = this.id
    item.description = description
    item.iconPath = iconOf(deployment)
    item.contextValue = contextValues.deployment(this.#standing(deployment))
    item.tooltip = tooltipOf(deployment)
    item.accessibilityInformation = { label: `${titleOf(deployment)}, ${description}` }
    return item
  }

  async children(): Promise<TreeNode[]> {
    const { deployment } = this
    if (!isOpen(deployment)) return []
    return stepsOf(deployment, this.#context.t).map((step, index) => new StepNode(this, `${this.id}/${index}`, step))
  }

  #standing(deployment: Deployment): DeploymentStanding[] {
    const { backend, catalog } = this.#context.session
    if (!isOpen(deployment)) return [deployment.status === 'SUCCESS' ? 'served' : 'ended']
    if (deployment.canary) return ['canary']
    if (!isAwaitingApproval(deployment)) return ['running']
    const mine = deployment.byUserId === backend.userId
    return ['waiting', ...(mine ? (['mine'] as const) : []), ...(catalog.deploymentLists.approvals.find(deployment.deploymentId) ? (['yours'] as const) : [])]
  }
}

class StepNode implements TreeNode {
  readonly id: string
  readonly parent: TreeNode
  readonly #step: DeploymentStep

  constructor(parent: TreeNode, id: string, step: DeploymentStep) {
    this.id = id
    this.parent = parent
    this.#step = step
  }

  toTreeItem(): vscode.TreeItem {
    const { label, description, icon } = this.#step
    const item = new vscode.TreeItem(label)
    item.id = this.id
    item.description = description
    item.tooltip = [label, description].filter(Boolean).join('\n')
    item.iconPath = new vscode.ThemeIcon(icon)
    item.contextValue = contextValues.note()
    item.accessibilityInformation = { label: [label, description].filter(Boolean).join(', ') }
    return item
  }

  async children(): Promise<TreeNode[]> {
    return []
  }
}

function iconOf(deployment: Deployment): vscode.ThemeIcon {
  const color = deployment.status === 'FAILED' ? new vscode.ThemeColor('list.errorForeground') : undefined
  return new vscode.ThemeIcon(isAwaitingApproval(deployment) ? 'clockface' : icons[deployment.status], color)
}

function tooltipOf({ gatewayId, environment, functionName, message, reason, error, warnings = [], by, createdAt }: Deployment): string {
  const isToldAlready = reason !== undefined && message.includes(reason)
  const lines = [
    `${gatewayId}/${environment}/${functionName}`,
    message,
    isToldAlready ? undefined : reason,
    error?.detail,
    ...warnings.map(({ detail }) => detail),
  ]
  return [...lines, `${by}, ${localTime(createdAt)}`].filter(Boolean).join('\n')
}
