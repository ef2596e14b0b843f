import type { Environment, EnvironmentName, ImprunFunction } from '@imprun/contracts'
import * as vscode from 'vscode'
import { contextValues } from './context-values.ts'
import { servedIn } from './describe.ts'
import { type Badge, badgesOf, describeAuth, describeEnvironment } from './describe-environment.ts'
import { FolderNode } from './folder-node.ts'
import { FunctionNode } from './function-node.ts'
import type { GatewayNode } from './gateway-node.ts'
import { lifecycleIcon } from './icons.ts'
import { withMore } from './more-node.ts'
import { NoteNode } from './small-nodes.ts'
import type { TreeContext, TreeNode } from './tree-node.ts'

const icons: Record<EnvironmentName, string> = { dev: 'edit', staging: 'beaker', prod: 'lock' }
const badgeIcons: Record<Badge['kind'], string> = { drifted: 'warning', frozen: 'clockface', held: 'lock', protected: 'shield' }

export class EnvironmentNode implements TreeNode {
  readonly id: string
  readonly parent: GatewayNode
  readonly gatewayId: string
  readonly environment: EnvironmentName
  readonly #context: TreeContext
  #last: Environment

  constructor(parent: GatewayNode, environment: Environment, context: TreeContext) {
    this.id = `${parent.id}/${environment.name}`
    this.parent = parent
    this.gatewayId = parent.gatewayId
    this.environment = environment.name
    this.#last = environment
    this.#context = context
  }

  get facts(): Environment {
    this.#last = this.parent.gateway.environments.find((environment) => environment.name === this.environment) ?? this.#last
    return this.#last
  }

  toTreeItem(): vscode.TreeItem {
    const { facts } = this
    const { t } = this.#context
    const description = describeEnvironment(facts, t)
    const item = new vscode.TreeItem(facts.name, vscode.TreeItemCollapsibleState.Collapsed)
    item.id = this.id
    item.description = description
    const [badge] = badgesOf(facts, t)
    item.iconPath = lifecycleIcon(facts, badge ? badgeIcons[badge.kind] : icons[facts.name])
    item.contextValue = contextValues.environment({ ...facts, flags: flagsOf(facts) })
    item.accessibilityInformation = { label: t('Environment {0}, {1}', facts.name, description) }
    return item
  }

  /** With what only the environment itself tells. Left out of the item at first: VS Code asks again only for a tooltip that is not there. */
  async resolveTooltip(item: vscode.TreeItem): Promise<void> {
    const { facts } = this
    const { session, t } = this.#context
    const known = [
      `${this.gatewayId}/${facts.name}: ${facts.phase} · ${describeAuth(facts, t)}`,
      ...(facts.lastError && facts.attempts > 0 ? [`${facts.lastError.code}: ${facts.lastError.message}`] : []),
      ...badgesOf(facts, t).map(({ detail }) => detail),
      ...[facts.url, facts.pathUrl],
    ].join('\n')
    item.tooltip = known
    const { variables, limits, egress } = await session.api.call('getEnvironment', { params: { gatewayId: this.gatewayId, environment: this.environment } })
    const all = Object.values(variables)
    const counts = [
      t('Variables: {0}, of them secret: {1}', all.length, all.filter(({ secret }) => secret).length),
      t('Limits: {0} ms, {1} MiB, {2} calls at once', limits.timeoutMs, limits.memoryMb, limits.concurrency),
      t('Outside: {0} allowed, {1} denied', egress.allow.length, egress.deny.length),
    ]
    item.tooltip = [known, ...counts].join('\n')
  }

  async children(): Promise<TreeNode[]> {
    const { catalog } = this.#context.session
    // Rows need not wait for what is on its way: it is drawn into them when it is known.
    void catalog.deploymentLists
      .running(this.gatewayId)
      .ensureLoaded()
      .catch(() => undefined)
    await catalog.functions(this.gatewayId).ensureLoaded()
    return this.#rows()
  }

  knownChildren(): readonly TreeNode[] | undefined {
    return this.#context.session.catalog.functions(this.gatewayId).isCurrent ? this.#rows() : undefined
  }

  #rows(): TreeNode[] {
    const list = this.#context.session.catalog.functions(this.gatewayId)
    const rows = withMore(this.rowsBelow(this, '', this.functionsBelow('')), this.id, this, list, this.#context)
    return rows.length > 0 ? rows : [new NoteNode(this, this.#emptyWords())]
  }

  /** Rows of one folder of names: first its folders, then its functions. */
  rowsBelow(parent: TreeNode, prefix: string, items: readonly ImprunFunction[]): TreeNode[] {
    const { nodes } = this.#context
    const rest = (item: ImprunFunction) => item.name.slice(prefix.length)
    const folders = [...new Set(items.filter((item) => rest(item).includes('/')).map((item) => rest(item).split('/')[0] ?? ''))]
    const folderRows = folders.map((name) => {
      const below = `${prefix}${name}/`
      return nodes.intern(`${this.id}/${below}`, () => new FolderNode(parent, this, below))
    })
    const functionRows = items
      .filter((item) => !rest(item).includes('/'))
      .map((item) => nodes.intern(`${this.id}/${item.name}`, () => new FunctionNode(parent, this, item, this.#context)))
    return [...folderRows, ...functionRows]
  }

  /** Functions of this environment below a folder, as far as they were read. */
  functionsBelow(prefix: string): ImprunFunction[] {
    const all = this.#context.session.catalog.functions(this.gatewayId).items
    return all.filter((item) => item.name.startsWith(prefix) && this.#isShown(item))
  }

  /** What is on its way to an environment for the first time is seen there already. */
  #isShown(item: ImprunFunction): boolean {
    const { deploymentLists } = this.#context.session.catalog
    if (this.environment === 'dev' || servedIn(item, this.environment)) return true
    return deploymentLists.findUnderWay(this.gatewayId, item.name, this.environment) !== undefined
  }

  #emptyWords(): string {
    const { session, t } = this.#context
    if (session.catalog.filter) return t('Nothing matches "{0}"', session.catalog.filter)
    if (this.environment === 'dev') return t('No functions yet')
    return this.environment === 'staging' ? t('Nothing promoted from dev yet') : t('Nothing promoted from staging yet')
  }
}

function flagsOf({ held, drifted, isStalled }: Environment) {
  return [...(held ? (['held'] as const) : []), ...(drifted ? (['drifted'] as const) : []), ...(isStalled ? (['stalled'] as const) : [])]
}
