import { environmentNames } from '@imprun/contracts/names'
import { ApplicationNode } from './application-nodes.ts'
import { GatewayNode } from './gateway-node.ts'
import { withMore } from './more-node.ts'
import { ToolNode } from './tool-node.ts'
import type { TreeNode } from './tree-node.ts'
import type { ViewRoots } from './tree-provider.ts'

export const viewIds = { gateways: 'imprun.gateways', applications: 'imprun.applications', deployments: 'imprun.deployments', tools: 'imprun.tools' } as const

export const gatewaysView: ViewRoots = {
  async roots(context) {
    const { catalog } = context.session
    const rows: TreeNode[] = (await catalog.gateways.ensureLoaded()).map((gateway) =>
      context.nodes.intern(gateway.gatewayId, () => new GatewayNode(gateway, context)),
    )
    return withMore(rows, 'gateways', undefined, catalog.gateways, context)
  },
  touchedBy(change, { nodes }) {
    if (change.kind === 'gateways') return whole(change.gatewayId ? [nodes.find(change.gatewayId)] : [])
    if (change.kind !== 'functions' && change.kind !== 'running') return undefined
    return environmentNames.map((name) => nodes.find(`${change.gatewayId}/${name}`)).filter((node) => node !== undefined)
  },
}

export const applicationsView: ViewRoots = {
  async roots(context) {
    const { applications } = context.session.catalog
    const rows: TreeNode[] = (await applications.ensureLoaded()).map((application) =>
      context.nodes.intern(application.applicationId, () => new ApplicationNode(application, context)),
    )
    return withMore(rows, 'applications', undefined, applications, context)
  },
  touchedBy: (change) => (change.kind === 'applications' ? 'all' : undefined),
}

export const toolsView: ViewRoots = {
  async roots(context) {
    const { tools } = context.session.catalog
    const rows: TreeNode[] = (await tools.ensureLoaded()).map((tool) => context.nodes.intern(tool.toolId, () => new ToolNode(tool, context)))
    return withMore(rows, 'tools', undefined, tools, context)
  },
  touchedBy: (change) => (change.kind === 'tools' ? 'all' : undefined),
}

/** The rows if they are known, else everything. */
function whole(rows: readonly (TreeNode | undefined)[]): readonly TreeNode[] | 'all' {
  const known = rows.filter((row) => row !== undefined)
  return known.length > 0 ? known : 'all'
}
