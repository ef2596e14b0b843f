import type { Gateway } from '@imprun/contracts'
import * as vscode from 'vscode'
import { contextValues } from './context-values.ts'
import { describeLifecycle } from './describe.ts'
import { EnvironmentNode } from './environment-node.ts'
import { lifecycleIcon } from './icons.ts'
import type { TreeContext, TreeNode } from './tree-node.ts'

export class GatewayNode implements TreeNode {
  readonly id: string
  readonly parent = undefined
  readonly gatewayId: string
  readonly #context: TreeContext
  /** Kept for the moment in which the row is still shown though its gateway has gone. */
  #last: Gateway

  constructor(gateway: Gateway, context: TreeContext) {
    this.id = gateway.gatewayId
    this.gatewayId = gateway.gatewayId
    this.#last = gateway
    this.#context = context
  }

  get gateway(): Gateway {
    this.#last = this.#context.session.catalog.gateways.find(this.gatewayId) ?? this.#last
    return this.#last
  }

  toTreeItem(): vscode.TreeItem {
    const { gateway } = this
    const { t } = this.#context
    const description = describeLifecycle(gateway, t)
    const item = new vscode.TreeItem(gateway.name, vscode.TreeItemCollapsibleState.Collapsed)
    item.id = this.id
    item.description = gateway.name === gateway.gatewayId ? description : `${gateway.gatewayId} · ${description}`
    item.iconPath = lifecycleIcon(gateway, 'server')
    item.contextValue = contextValues.gateway(gateway)
    item.tooltip = tooltipLines(gateway, description).join('\n')
    item.accessibilityInformation = { label: t('Gateway {0}, {1}', gateway.name, description) }
    return item
  }

  async children(): Promise<TreeNode[]> {
    return this.gateway.environments.map((environment) =>
      this.#context.nodes.intern(`${this.id}/${environment.name}`, () => new EnvironmentNode(this, environment, this.#context)),
    )
  }
}

function tooltipLines(gateway: Gateway, description: string): string[] {
  const lines = [`${gateway.gatewayId}: ${description}`]
  if (gateway.lastError && gateway.attempts > 0) lines.push(`${gateway.lastError.code}: ${gateway.lastError.message}`)
  if (gateway.deletion?.isOverdue) lines.push(...gateway.deletion.leftovers.map((leftover) => `– ${leftover}`))
  lines.push(`pipeline ${gateway.pipeline} · database ${gateway.database} · ${gateway.bundle.runtime} · ${gateway.bundle.memory} · ${gateway.bundle.cpu}`)
  return lines
}
