import * as vscode from 'vscode'
import { contextValues } from './context-values.ts'
import type { EnvironmentNode } from './environment-node.ts'
import type { TreeNode } from './tree-node.ts'

/** A folder that exists only as part of the names below it. */
export class FolderNode implements TreeNode {
  readonly id: string
  readonly parent: TreeNode
  readonly environmentNode: EnvironmentNode
  /** Ends with `/`. */
  readonly prefix: string

  constructor(parent: TreeNode, environmentNode: EnvironmentNode, prefix: string) {
    this.id = `${environmentNode.id}/${prefix}`
    this.parent = parent
    this.environmentNode = environmentNode
    this.prefix = prefix
  }

  toTreeItem(): vscode.TreeItem {
    const item = new vscode.TreeItem(this.prefix.split('/').at(-2) ?? this.prefix, vscode.TreeItemCollapsibleState.Expanded)
    item.id = this.id
    item.iconPath = new vscode.ThemeIcon('folder')
    item.contextValue = contextValues.folder()
    return item
  }

  async children(): Promise<TreeNode[]> {
    return this.knownChildren()
  }

  knownChildren(): TreeNode[] {
    return this.environmentNode.rowsBelow(this, this.prefix, this.environmentNode.functionsBelow(this.prefix))
  }
}
