import type * as vscode from 'vscode'
import type { OpenSession } from '../session/session.ts'
import type { Translate } from '../ui/translate.ts'

/** One row. A node reads what it shows from the catalog each time, so drawing it again is all that an update takes. */
export interface TreeNode {
  /** Stable over refreshes and windows: gateway/environment/function. */
  readonly id: string
  readonly parent: TreeNode | undefined
  toTreeItem(): vscode.TreeItem
  /** Adds to the tooltip what has to be asked for; called when the pointer rests on the row. */
  resolveTooltip?(item: vscode.TreeItem): Promise<void>
  /** @throws ImprunError; the provider shows it as a row. */
  children(): Promise<TreeNode[]>
  /** The rows below where they are known without asking the backend: an event then draws only those that look different. */
  knownChildren?(): readonly TreeNode[] | undefined
}

export interface TreeContext {
  readonly session: OpenSession
  readonly t: Translate
  readonly nodes: NodeRegistry
}

/** VS Code knows nodes by identity, so the same id has to be the same object for as long as a session lasts. */
export class NodeRegistry {
  readonly #byId = new Map<string, TreeNode>()

  intern<Node extends TreeNode>(id: string, make: () => Node): Node {
    const found = this.#byId.get(id)
    if (found) return found as Node
    const made = make()
    this.#byId.set(id, made)
    return made
  }

  find(id: string): TreeNode | undefined {
    return this.#byId.get(id)
  }

  clear(): void {
    this.#byId.clear()
  }
}
