import { isImprunError } from '@imprun/contracts/errors'
import * as vscode from 'vscode'
import type { Translate } from '../ui/translate.ts'
import { contextValues } from './context-values.ts'
import type { TreeNode } from './tree-node.ts'

/** A node that failed to list its children shows why, in its place. */
export class ErrorNode implements TreeNode {
  readonly id: string
  readonly parent: TreeNode | undefined
  readonly error: unknown
  readonly #t: Translate

  constructor(parent: TreeNode | undefined, error: unknown, t: Translate) {
    this.id = `${parent?.id ?? ''}#error`
    this.parent = parent
    this.error = error
    this.#t = t
  }

  toTreeItem(): vscode.TreeItem {
    const message = isImprunError(this.error) ? this.error.message : this.#t('This could not be read. The log has the details.')
    const item = new vscode.TreeItem(message)
    item.id = this.id
    item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'))
    item.tooltip = message
    item.contextValue = contextValues.error()
    item.accessibilityInformation = { label: this.#t('Error: {0}', message) }
    return item
  }

  async children(): Promise<TreeNode[]> {
    return []
  }
}

/** A dim line in an empty place that says what would be there. */
export class NoteNode implements TreeNode {
  readonly id: string
  readonly parent: TreeNode
  readonly #text: string

  constructor(parent: TreeNode, text: string) {
    this.id = `${parent.id}#note`
    this.parent = parent
    this.#text = text
  }

  toTreeItem(): vscode.TreeItem {
    const item = new vscode.TreeItem('')
    item.id = this.id
    item.description = this.#text
    item.contextValue = contextValues.note()
    item.accessibilityInformation = { label: this.#text }
    return item
  }

  async children(): Promise<TreeNode[]> {
    return []
  }
}

/** The list goes on; the server has the rest. */
export class MoreNode implements TreeNode {
  readonly id: string
  readonly parent: TreeNode | undefined
  readonly #load: () => Promise<void>
  readonly #t: Translate

  constructor(id: string, parent: TreeNode | undefined, load: () => Promise<void>, t: Translate) {
    this.id = `${id}#more`
    this.parent = parent
    this.#load = load
    this.#t = t
  }

  load(): Promise<void> {
    return this.#load()
  }

  toTreeItem(): vscode.TreeItem {
    const item = new vscode.TreeItem(this.#t('Load more…'))
    item.id = this.id
    item.iconPath = new vscode.ThemeIcon('ellipsis')
    item.contextValue = contextValues.more()
    item.command = { command: 'imprun.loadMore', title: this.#t('Load more…'), arguments: [this] }
    return item
  }

  async children(): Promise<TreeNode[]> {
    return []
  }
}
