import * as vscode from 'vscode'
import type { TreeNode } from './tree-node.ts'

/**
 * What VS Code was last given of each row. A row that is drawn again gets new buttons, and a press that had begun on the old one is lost, so events that
 * change nothing in sight (how a function did in the last minutes, most of the time) must draw nothing.
 */
export class DrawnRows {
  readonly #looks = new WeakMap<TreeNode, string>()
  readonly #below = new WeakMap<TreeNode, readonly TreeNode[]>()

  /** Notes what a row was drawn as. */
  drawn(node: TreeNode, item: vscode.TreeItem): void {
    this.#looks.set(node, looksOf(item))
  }

  /** Notes which rows were listed below one. */
  listed(node: TreeNode, below: readonly TreeNode[]): void {
    this.#below.set(node, below)
  }

  /** @returns the uppermost rows, of this one and those below it, that are to be drawn again. One whose rows somebody has to be asked for is among them. */
  changed(node: TreeNode): TreeNode[] {
    if (this.#looksOther(node, node)) return [node]
    const before = this.#below.get(node)
    if (!before) return []
    const now = node.knownChildren?.()
    if (now?.length !== before.length || now.some((row, index) => this.#isOther(row, before[index]))) return [node]
    return before.flatMap((row) => this.changed(row))
  }

  /** Most rows are the same object for as long as a session lasts and tell themselves what changed in them; a note is made anew each time. */
  #isOther(now: TreeNode, before: TreeNode | undefined): boolean {
    return before === undefined || now.id !== before.id || (now !== before && this.#looksOther(now, before))
  }

  #looksOther(now: TreeNode, before: TreeNode): boolean {
    return looksOf(now.toTreeItem()) !== this.#looks.get(before)
  }
}

function looksOf({ label, description, iconPath, contextValue, tooltip, collapsibleState }: vscode.TreeItem): string {
  const icon = iconPath instanceof vscode.ThemeIcon ? [iconPath.id, iconPath.color?.id] : []
  const words = tooltip instanceof vscode.MarkdownString ? tooltip.value : tooltip
  return JSON.stringify([label, description, ...icon, contextValue, words, collapsibleState])
}
