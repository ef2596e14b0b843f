import type { Deployment, DeploymentStatus } from '@imprun/contracts'
import * as vscode from 'vscode'
import { contextValues } from './context-values.ts'
import { describeDeployment } from './describe.ts'
import type { TreeContext, TreeNode } from './tree-node.ts'

const icons: Record<DeploymentStatus, string> = {
  PENDING: 'clock',
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

  constructor(parent: TreeNode | undefined, deployment: Deployment, context: TreeContext) {
    this.id = deployment.deploymentId
    this.parent = parent
    this.#last = deployment
    this.#context = context
  }

  get deployment(): Deployment {
    this.#last = this.#context.session.catalog.deployments(this.#last.gatewayId).find(this.id) ?? this.#last
    return this.#last
  }

  toTreeItem(): vscode.TreeItem {
    const { deployment } = this
    const { t } = this.#context
    const description = describeDeployment(deployment, t)
    const item = new vscode.TreeItem(deployment.message)
    item.id = this.id
    item.description = description
    item.iconPath = new vscode.ThemeIcon(icons[deployment.status], deployment.status === 'FAILED' ? new vscode.ThemeColor('list.errorForeground') : undefined)
    item.contextValue = contextValues.deployment()
    const reason = deployment.error ? `\n${deployment.error.detail}` : ''
    item.tooltip = `${deployment.gatewayId}/${deployment.environment}/${deployment.functionName}\n${deployment.message}${reason}\n${deployment.by}, ${new Date(deployment.createdAt).toLocaleString()}`
    item.accessibilityInformation = { label: `${deployment.message}, ${description}` }
    return item
  }

  async children(): Promise<TreeNode[]> {
    return []
  }
}

/** Groups the history when there is more than one gateway. */
export class GatewayHistoryNode implements TreeNode {
  readonly id: string
  readonly parent = undefined
  readonly gatewayId: string
  readonly #children: (parent: TreeNode) => Promise<TreeNode[]>

  constructor(gatewayId: string, children: (parent: TreeNode) => Promise<TreeNode[]>) {
    this.id = `history/${gatewayId}`
    this.gatewayId = gatewayId
    this.#children = children
  }

  toTreeItem(): vscode.TreeItem {
    const item = new vscode.TreeItem(this.gatewayId, vscode.TreeItemCollapsibleState.Collapsed)
    item.id = this.id
    item.iconPath = new vscode.ThemeIcon('server')
    item.contextValue = contextValues.folder()
    return item
  }

  children(): Promise<TreeNode[]> {
    return this.#children(this)
  }
}
