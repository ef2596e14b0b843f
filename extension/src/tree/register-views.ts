import * as vscode from 'vscode'
import { type Disposable, Disposables } from '../platform/disposables.ts'
import type { Log } from '../platform/log.ts'
import type { Session } from '../session/session.ts'
import type { Translate } from '../ui/translate.ts'
import { deploymentsView } from './deployments-view.ts'
import type { TreeNode } from './tree-node.ts'
import { TreeProvider, type ViewRoots } from './tree-provider.ts'
import { applicationsView, gatewaysView, toolsView, viewIds } from './views.ts'

export interface Views extends Disposable {
  readonly gateways: TreeProvider
  readonly applications: TreeProvider
  readonly deployments: TreeProvider
  readonly tools: TreeProvider
  refresh(): void
}

export function registerViews(session: Session, t: Translate, log: Log, setContext: (key: string, value: unknown) => void): Views {
  const disposables = new Disposables()
  const show = (id: string, roots: ViewRoots) => {
    const provider = disposables.add(new TreeProvider(roots, session, t, log))
    const view = disposables.add(vscode.window.createTreeView<TreeNode>(id, { treeDataProvider: provider, showCollapseAll: id === viewIds.gateways }))
    return { provider, view }
  }
  const gateways = show(viewIds.gateways, gatewaysView)
  const applications = show(viewIds.applications, applicationsView)
  const deployments = show(viewIds.deployments, deploymentsView)
  const tools = show(viewIds.tools, toolsView)

  const describeAll = () => {
    describe(gateways.view, session, t, gatewayWords(session, t))
    describe(deployments.view, session, t, historyWords(session, t))
    deployments.view.badge = approvalsBadge(session, t)
  }
  disposables.add(session.onStatus(describeAll))
  disposables.add(
    session.onOpened((opened) => {
      setContext('imprun.isFiltered', false)
      setContext('imprun.isHistoryFiltered', false)
      describeAll()
      if (opened) disposables.add(opened.catalog.onChanged(describeAll))
    }),
  )
  const all = [gateways, applications, deployments, tools].map(({ provider }) => provider)
  return {
    gateways: gateways.provider,
    applications: applications.provider,
    deployments: deployments.provider,
    tools: tools.provider,
    refresh: () => {
      for (const provider of all) provider.refresh()
    },
    dispose: () => disposables.dispose(),
  }
}

/** A line over the rows while they may be old, or are not all. */
function describe(view: vscode.TreeView<TreeNode>, session: Session, t: Translate, filter: string | undefined): void {
  const isOld = session.status === 'offline' && (session.current?.catalog.gateways.items.length ?? 0) > 0
  const words = isOld ? t('The backend does not answer. This is what was last known.') : filter
  if (words) view.message = words
  else if (view.message) view.message = ''
}

function gatewayWords({ current }: Session, t: Translate): string | undefined {
  const { filter = '', gatewayFilter = '' } = current?.catalog ?? {}
  const words = [...(gatewayFilter ? [t('Gateways named "{0}"', gatewayFilter)] : []), ...(filter ? [t('Functions named "{0}"', filter)] : [])]
  return words.join(' · ') || undefined
}

function historyWords({ current }: Session, t: Translate): string | undefined {
  const { environment, status, filter } = current?.catalog.deploymentLists.filter ?? {}
  const words = [environment, status, ...(filter ? [t('functions named "{0}"', filter)] : [])].filter((word) => word !== undefined)
  return words.length > 0 ? t('Only {0}', words.join(' · ')) : undefined
}

function approvalsBadge({ current }: Session, t: Translate): vscode.ViewBadge | undefined {
  const count = current?.catalog.deploymentLists.approvals.items.length ?? 0
  return count > 0
    ? { value: count, tooltip: count === 1 ? t('1 deployment waits for your approval') : t('{0} deployments wait for your approval', count) }
    : undefined
}
