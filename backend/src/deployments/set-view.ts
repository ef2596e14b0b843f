import type { DeploymentSet } from '@imprun/contracts'
import { toDeploymentView } from './deployment-view.ts'
import type { Members } from './stored-deployment.ts'

export function toSetView(members: Members): DeploymentSet {
  const [lead] = members
  const byName = [...members].sort((a, b) => (a.functionName < b.functionName ? -1 : 1))
  return {
    setId: lead._id,
    gatewayId: lead.gatewayId,
    environment: lead.environment,
    from: lead.from ?? lead.environment,
    status: lead.status,
    ...(lead.liveMs === undefined ? {} : { liveMs: lead.liveMs }),
    createdAt: lead.createdAt.toISOString(),
    ...(lead.finishedAt ? { finishedAt: lead.finishedAt.toISOString() } : {}),
    by: lead.by.name,
    deployments: byName.map(toDeploymentView),
  }
}
