import * as vscode from 'vscode'
import type { CatalogChange } from '../api/catalog.ts'
import { coalesce } from '../platform/coalesce.ts'
import type { Disposable } from '../platform/disposables.ts'
import { Disposables } from '../platform/disposables.ts'
import type { Log } from '../platform/log.ts'
import type { OpenSession, Session } from '../session/session.ts'
import type { Translate } from '../ui/translate.ts'
import { DrawnRows } from './drawn-rows.ts'
import { ErrorNode } from './small-nodes.ts'
import { NodeRegistry, type TreeContext, type TreeNode } from './tree-node.ts'

/** What tells one view from another: its rows at the top, and which of them a change touches. */
export interface ViewRoots {
  roots(context: TreeContext): Promise<TreeNode[]>
  /** Nodes to draw again; 'all' for the top of the list; undefined when the change is none of this view's. */
  touchedBy(change: CatalogChange, context: TreeContext): readonly TreeNode[] | 'all' | undefined
}

// One redraw per burst of events: a publish alone brings three.
const redrawMs = 30

/** Asks nodes, and nothing else. A node that fails becomes a row that says why. */
export class TreeProvider implements vscode.TreeDataProvider<TreeNode>, Disposable {
  readonly #view: ViewRoots
  readonly #session: Session
  readonly #t: Translate
  readonly #log: Log
  readonly #changed = new vscode.EventEmitter<TreeNode | TreeNode[] | undefined>()
  readonly #disposables = new Disposables()
  readonly #nodes = new NodeRegistry()
  readonly #rows = new DrawnRows()
  readonly #dirty = new Set<TreeNode>()
  readonly #redraw = coalesce(redrawMs, () => this.#flush())
  #context: TreeContext | undefined
  #isAllDirty = false
  #catalogSubscription: Disposable | undefined

  readonly onDidChangeTreeData = this.#changed.event

  constructor(view: ViewRoots, session: Session, t: Translate, log: Log) {
    this.#view = view
    this.#session = session
    this.#t = t
    this.#log = log
    this.#disposables.add(session.onOpened((opened) => this.#open(opened)))
    this.#disposables.add(session.onStatus((status) => status === 'online' && this.refresh()))
    this.#open(session.current)
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const item = node.toTreeItem()
    this.#rows.drawn(node, item)
    return item
  }

  async resolveTreeItem(item: vscode.TreeItem, node: TreeNode): Promise<vscode.TreeItem> {
    await node.resolveTooltip?.(item).catch((error: unknown) => this.#log.debug(`No more is known of ${node.id}: ${String(error)}`))
    return item
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return node.parent
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    const below = await this.#list(node)
    if (node) this.#rows.listed(node, below)
    return below
  }

  async #list(node: TreeNode | undefined): Promise<TreeNode[]> {
    if (!this.#context) return []
    try {
      return node ? await node.children() : await this.#view.roots(this.#context)
    } catch (error) {
      // At the top the welcome of the offline state says it better than a row.
      if (!node && this.#session.status !== 'online') return []
      this.#log.warn(`Could not list ${node?.id ?? 'a view'}: ${error instanceof Error ? error.message : String(error)}`)
      return [new ErrorNode(node, error, this.#t)]
    }
  }

  find(id: string): TreeNode | undefined {
    return this.#nodes.find(id)
  }

  refresh(): void {
    this.#isAllDirty = true
    this.#redraw.ask()
  }

  dispose(): void {
    this.#catalogSubscription?.dispose()
    this.#disposables.dispose()
    this.#redraw.dispose()
    this.#changed.dispose()
  }

  #open(opened: OpenSession | undefined): void {
    this.#catalogSubscription?.dispose()
    this.#nodes.clear()
    this.#context = opened && { session: opened, t: this.#t, nodes: this.#nodes }
    this.#catalogSubscription = opened?.catalog.onChanged((change) => this.#touch(change))
    this.refresh()
  }

  #touch(change: CatalogChange): void {
    if (!this.#context) return
    const touched = this.#view.touchedBy(change, this.#context)
    if (!touched) return
    if (touched === 'all') this.#isAllDirty = true
    else for (const node of touched) this.#dirty.add(node)
    this.#redraw.ask()
  }

  #flush(): void {
    const isAll = this.#isAllDirty
    const nodes = isAll ? [] : [...new Set([...this.#dirty].flatMap((node) => this.#rows.changed(node)))]
    this.#dirty.clear()
    this.#isAllDirty = false
    if (isAll) this.#changed.fire(undefined)
    else if (nodes.length > 0) this.#changed.fire(nodes)
  }
}
