import type { Application, Grant } from '@imprun/contracts'
import * as vscode from 'vscode'
import { contextValues } from './context-values.ts'
import { NoteNode } from './small-nodes.ts'
import type { TreeContext, TreeNode } from './tree-node.ts'

export class ApplicationNode implements TreeNode {
  readonly id: string
  readonly parent = undefined
  readonly applicationId: string
  readonly #context: TreeContext
  #last: Application

  constructor(application: Application, context: TreeContext) {
    this.id = application.applicationId
    this.applicationId = application.applicationId
    this.#last = application
    this.#context = context
  }

  get application(): Application {
    this.#last = this.#context.session.catalog.applications.find(this.applicationId) ?? this.#last
    return this.#last
  }

  toTreeItem(): vscode.TreeItem {
    const { application } = this
    const item = new vscode.TreeItem(application.name, vscode.TreeItemCollapsibleState.Expanded)
    item.id = this.id
    item.description = application.organization
    item.tooltip = [application.name, application.organization, application.description].filter(Boolean).join('\n')
    item.iconPath = new vscode.ThemeIcon('organization')
    item.contextValue = contextValues.application()
    item.accessibilityInformation = { label: this.#context.t('Application {0}', application.name) }
    return item
  }

  async children(): Promise<TreeNode[]> {
    const { grants } = this.application
    if (grants.length === 0) return [new NoteNode(this, this.#context.t('No grants yet'))]
    return grants.map((grant) => this.#context.nodes.intern(grant.grantId, () => new GrantNode(this, grant, this.#context)))
  }
}

/** What an application may call: one environment of one gateway. */
export class GrantNode implements TreeNode {
  readonly id: string
  readonly parent: ApplicationNode
  readonly #context: TreeContext
  #last: Grant

  constructor(parent: ApplicationNode, grant: Grant, context: TreeContext) {
    this.id = grant.grantId
    this.parent = parent
    this.#last = grant
    this.#context = context
  }

  get grant(): Grant {
    this.#last = this.parent.application.grants.find((grant) => grant.grantId === this.id) ?? this.#last
    return this.#last
  }

  toTreeItem(): vscode.TreeItem {
    const { grant } = this
    const { t } = this.#context
    const state = grant.state === 'active' ? '' : t('revoked')
    const item = new vscode.TreeItem(`${grant.gatewayId}/${grant.environment}`, vscode.TreeItemCollapsibleState.Expanded)
    item.id = this.id
    item.description = state
    item.iconPath = new vscode.ThemeIcon(grant.state === 'active' ? 'pass' : 'circle-slash')
    item.contextValue = contextValues.grant(grant.state)
    item.accessibilityInformation = { label: t('Grant for {0}/{1} {2}', grant.gatewayId, grant.environment, state) }
    return item
  }

  async children(): Promise<TreeNode[]> {
    return [this.#context.nodes.intern(`${this.id}/key`, () => new KeyNode(this, this.#context))]
  }
}

/** A key, by the most that may be shown of it. */
export class KeyNode implements TreeNode {
  readonly id: string
  readonly parent: GrantNode
  readonly #context: TreeContext

  constructor(parent: GrantNode, context: TreeContext) {
    this.id = `${parent.id}/key`
    this.parent = parent
    this.#context = context
  }

  get grant(): Grant {
    return this.parent.grant
  }

  toTreeItem(): vscode.TreeItem {
    const { grant } = this
    const { t } = this.#context
    const item = new vscode.TreeItem(grant.keyHint)
    item.id = this.id
    item.description = grant.state === 'active' ? t('since {0}', dateOf(grant.createdAt)) : t('revoked {0}', grant.revokedAt ? dateOf(grant.revokedAt) : '')
    item.iconPath = new vscode.ThemeIcon('key')
    item.contextValue = contextValues.key(grant.state)
    item.tooltip = t('The key itself was shown once, when it was made by {0}.', grant.createdBy)
    item.accessibilityInformation = { label: t('Key ending in {0}, {1}', grant.keyHint.slice(-4), String(item.description)) }
    return item
  }

  async children(): Promise<TreeNode[]> {
    return []
  }
}

const dateOf = (at: string) => new Date(at).toLocaleDateString()
