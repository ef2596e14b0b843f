import * as vscode from 'vscode'
import { contextValues } from './context-values.ts'
import type { TreeNode } from './tree-node.ts'

/** A heading over rows of a view. */
export class GroupNode implements TreeNode {
  readonly id: string
  readonly parent = undefined
  readonly #words: () => { label: string; description?: string }
  readonly #look: { icon: string; isExpanded: boolean }
  readonly #children: (parent: TreeNode) => Promise<TreeNode[]>

  constructor(
    id: string,
    words: () => { label: string; description?: string },
    look: { icon: string; isExpanded: boolean },
    children: (parent: TreeNode) => Promise<TreeNode[]>,
  ) {
    this.id = id
    this.#words = words
    this.#look = look
    this.#children = children
  }

  toTreeItem(): vscode.TreeItem {
    const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState
    const { label, description } = this.#words()
    const item = new vscode.TreeItem(label, this.#look.isExpanded ? Expanded : Collapsed)
    item.id = this.id
    if (description !== undefined) item.description = description
    item.iconPath = new vscode.ThemeIcon(this.#look.icon)
    item.contextValue = contextValues.folder()
    return item
  }

  children(): Promise<TreeNode[]> {
    return this.#children(this)
  }
}
