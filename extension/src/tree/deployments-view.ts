import type { Deployment } from '@imprun/contracts'
import { isOpen } from '../api/deployment-lists.ts'
import { DeploymentNode } from './deployment-node.ts'
import { GroupNode } from './group-node.ts'
import { withMore } from './more-node.ts'
import { NoteNode } from './small-nodes.ts'
import type { TreeContext, TreeNode } from './tree-node.ts'
import type { ViewRoots } from './tree-provider.ts'

const approvalsId = 'approvals'
const historyId = (gatewayId: string) => `history/${gatewayId}`

/** What waits for you; then what runs and what ran, by gateway where there is more than one. */
export const deploymentsView: ViewRoots = {
  async roots(context) {
    const { catalog } = context.session
    const gateways = await catalog.gateways.ensureLoaded()
    const waiting = approvalRows(context)
    const [only, ...others] = gateways
    if (only && others.length === 0) return [...waiting, ...(await historyOf(only.gatewayId, undefined, context))]
    return [...waiting, ...gateways.map(({ gatewayId }) => historyGroup(gatewayId, context))]
  },
  touchedBy(change, { nodes }) {
    if (change.kind === 'gateways') return change.gatewayId ? undefined : 'all'
    if (change.kind === 'approvals') return 'all'
    if (change.kind !== 'deployments' && change.kind !== 'running') return undefined
    const group = nodes.find(historyId(change.gatewayId))
    return group ? [group] : 'all'
  },
}

function historyGroup(gatewayId: string, context: TreeContext): TreeNode {
  const words = () => ({ label: gatewayId })
  const children = (parent: TreeNode) => historyOf(gatewayId, parent, context)
  return context.nodes.intern(historyId(gatewayId), () => new GroupNode(historyId(gatewayId), words, { icon: 'server', isExpanded: false }, children))
}

/** Nothing is asked here: the list is read when the session begins, and kept by events. */
function approvalRows(context: TreeContext): TreeNode[] {
  const { approvals } = context.session.catalog.deploymentLists
  if (approvals.items.length === 0) return []
  const words = () => ({ label: context.t('Waiting for your approval'), description: String(approvalsOf(context).length) })
  const children = async (parent: TreeNode) =>
    approvalsOf(context).map((deployment) =>
      context.nodes.intern(`${approvalsId}/${deployment.deploymentId}`, () => new DeploymentNode(parent, deployment, context, `${approvalsId}/`)),
    )
  return [context.nodes.intern(approvalsId, () => new GroupNode(approvalsId, words, { icon: 'bell', isExpanded: true }, children))]
}

/** One for each set: deciding on one decides on all of it. */
function approvalsOf({ session }: TreeContext): Deployment[] {
  const { items } = session.catalog.deploymentLists.approvals
  return items.filter(({ setId }, index) => setId === undefined || items.findIndex((other) => other.setId === setId) === index)
}

async function historyOf(gatewayId: string, parent: TreeNode | undefined, context: TreeContext): Promise<TreeNode[]> {
  const lists = context.session.catalog.deploymentLists
  const history = lists.history(gatewayId)
  const [ended, running] = await Promise.all([history.ensureLoaded(), lists.running(gatewayId).ensureLoaded()])
  const shown = [...running.filter((deployment) => lists.accepts(deployment)), ...ended.filter((deployment) => !isOpen(deployment))]
  const rows: TreeNode[] = shown.map((deployment) =>
    context.nodes.intern(`${parent ? 'grouped/' : ''}${deployment.deploymentId}`, () => new DeploymentNode(parent, deployment, context)),
  )
  const all = withMore(rows, historyId(gatewayId), parent, history, context)
  return all.length === 0 && parent ? [new NoteNode(parent, context.t('Nothing deployed yet'))] : all
}
