import * as vscode from 'vscode'
import { type Disposable, Disposables } from '../platform/disposables.ts'
import type { Log } from '../platform/log.ts'
import type { Session } from '../session/session.ts'
import type { Translate } from '../ui/translate.ts'
import type { TreeNode } from './tree-node.ts'
import { TreeProvider, type ViewRoots } from './tree-provider.ts'
import { applicationsView, deploymentsView, gatewaysView, toolsView, viewIds } from './views.ts'

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

  disposables.add(session.onStatus(() => describe(gateways.view, session, t)))
  disposables.add(
    session.onOpened((opened) => {
      setContext('imprun.isFiltered', false)
      describe(gateways.view, session, t)
      if (opened) disposables.add(opened.catalog.onChanged(() => describe(gateways.view, session, t)))
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
function describe(view: vscode.TreeView<TreeNode>, session: Session, t: Translate): void {
  const filter = session.current?.catalog.filter
  const isOld = session.status === 'offline' && (session.current?.catalog.gateways.items.length ?? 0) > 0
  const words = isOld ? t('The backend does not answer. This is what was last known.') : filter ? t('Functions named "{0}"', filter) : undefined
  if (words) view.message = words
  else if (view.message) view.message = ''
  view.badge = undefined
}
