import type { Tool } from '@imprun/contracts'
import * as vscode from 'vscode'
import { contextValues } from './context-values.ts'
import type { TreeContext, TreeNode } from './tree-node.ts'

/** A function that agents may call. */
export class ToolNode implements TreeNode {
  readonly id: string
  readonly parent = undefined
  readonly #context: TreeContext
  #last: Tool

  constructor(tool: Tool, context: TreeContext) {
    this.id = tool.toolId
    this.#last = tool
    this.#context = context
  }

  get tool(): Tool {
    this.#last = this.#context.session.catalog.tools.find(this.id) ?? this.#last
    return this.#last
  }

  toTreeItem(): vscode.TreeItem {
    const { tool } = this
    const item = new vscode.TreeItem(tool.name)
    item.id = this.id
    item.description = `${tool.gatewayId}/${tool.environment}/${tool.functionName}`
    item.tooltip = `${tool.description}\n${tool.mcpUrl}`
    item.iconPath = new vscode.ThemeIcon('tools')
    item.contextValue = contextValues.tool()
    item.accessibilityInformation = { label: this.#context.t('Tool {0}, function {1}', tool.name, String(item.description)) }
    return item
  }

  async children(): Promise<TreeNode[]> {
    return []
  }
}
