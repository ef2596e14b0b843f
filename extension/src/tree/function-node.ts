import type { Deployment, EnvironmentName, ImprunFunction, Served } from '@imprun/contracts'
import * as vscode from 'vscode'
import { contextValues } from './context-values.ts'
import { describeFunction, describeHealth, servedIn } from './describe.ts'
import type { EnvironmentNode } from './environment-node.ts'
import type { TreeContext, TreeNode } from './tree-node.ts'

export class FunctionNode implements TreeNode {
  readonly id: string
  readonly parent: TreeNode
  readonly gatewayId: string
  readonly environment: EnvironmentName
  readonly name: string
  readonly environmentNode: EnvironmentNode
  readonly #context: TreeContext
  readonly #functionId: string
  #last: ImprunFunction

  constructor(parent: TreeNode, environmentNode: EnvironmentNode, item: ImprunFunction, context: TreeContext) {
    this.id = `${environmentNode.id}/${item.name}`
    this.parent = parent
    this.environmentNode = environmentNode
    this.gatewayId = item.gatewayId
    this.environment = environmentNode.environment
    this.name = item.name
    this.#functionId = item.functionId
    this.#last = item
    this.#context = context
  }

  get facts(): ImprunFunction {
    const list = this.#context.session.catalog.functions(this.gatewayId)
    // A function that was removed and made again keeps its row, under another id.
    this.#last = list.find(this.#functionId) ?? list.items.find((item) => item.name === this.name) ?? this.#last
    return this.#last
  }

  get underWay(): Deployment | undefined {
    return this.#context.session.catalog.deploymentLists.findUnderWay(this.gatewayId, this.name, this.environment)
  }

  toTreeItem(): vscode.TreeItem {
    const { facts, environment, underWay } = this
    const { t } = this.#context
    const served = servedIn(facts, environment)
    const description = describeFunction(facts, environment, t, underWay)
    const item = new vscode.TreeItem(this.name.split('/').at(-1) ?? this.name)
    item.id = this.id
    item.description = description
    const isFailing = describeHealth(served?.health, t) !== undefined
    item.iconPath = isFailing
      ? new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'))
      : new vscode.ThemeIcon(facts.kind === 'module' ? 'file-symlink-file' : served ? 'symbol-function' : 'circle-outline')
    item.contextValue = contextValues.function(environment, served !== undefined, underWay?.canary !== undefined)
    item.command = { command: 'imprun.openFunction', title: t('Open'), arguments: [this] }
    const servedBy = served ? `\n${t('Put here by {0} on {1}', served.by, new Date(served.at).toLocaleString())}` : ''
    const address = `${this.environmentNode.facts.pathUrl}/${this.name}`
    item.tooltip =
      served && isFailing
        ? this.#failingTooltip(served, description, address)
        : `${this.name}: ${description}${servedBy}${facts.kind === 'module' ? '' : `\n${address}`}`
    item.accessibilityInformation = { label: t('Function {0} in {1}, {2}', this.name, environment, description) }
    return item
  }

  /** With the way to what it logged. */
  #failingTooltip({ health }: Served, description: string, address: string): vscode.MarkdownString {
    const { t } = this.#context
    const text = new vscode.MarkdownString('', true)
    text.isTrusted = { enabledCommands: ['imprun.showLogs'] }
    text.appendText(`${this.name}: ${description}\n`)
    text.appendText(`${t('{0} of {1} calls failed in the last 5 minutes.', health?.failed ?? 0, health?.calls ?? 0)}\n`)
    if (health?.quarantine) text.appendText(`${t('This version runs apart from the others: {0}', health.quarantine.reason)}\n`)
    const argument = encodeURIComponent(JSON.stringify([{ gatewayId: this.gatewayId, environment: this.environment, functionName: this.name }]))
    text.appendMarkdown(`\n[${t('Show logs')}](command:imprun.showLogs?${argument})\n\n`)
    text.appendText(address)
    return text
  }

  async children(): Promise<TreeNode[]> {
    return []
  }
}
