import type { Deployment } from '@imprun/contracts'
import { toApprovalView } from '../approvals/stored-approval.ts'
import { toCanaryView } from '../canaries/canary-view.ts'
import type { DeploymentStore } from './deployment-store.ts'
import { dueSince, type StoredDeployment } from './stored-deployment.ts'

export function toDeploymentView(stored: StoredDeployment): Deployment {
  return {
    deploymentId: stored._id,
    gatewayId: stored.gatewayId,
    functionId: stored.functionId,
    functionName: stored.functionName,
    environment: stored.environment,
    kind: stored.kind,
    ...(stored.from ? { from: stored.from } : {}),
    releaseId: stored.releaseId,
    version: stored.version,
    ...(stored.setId === undefined ? {} : { setId: stored.setId }),
    status: stored.status,
    ...(stored.reason === undefined ? {} : { reason: stored.reason }),
    message: stored.message,
    ...(stored.error ? { error: stored.error } : {}),
    ...(stored.warnings ? { warnings: stored.warnings } : {}),
    ...(stored.approval ? { approval: toApprovalView(stored.approval) } : {}),
    ...(stored.supersededBy === undefined ? {} : { supersededBy: stored.supersededBy }),
    ...(stored.canary ? { canary: toCanaryView(stored.canary, dueSince(stored)) } : {}),
    ...(stored.liveMs === undefined ? {} : { liveMs: stored.liveMs }),
    ...(stored.revision === undefined ? {} : { revision: stored.revision }),
    createdAt: stored.createdAt.toISOString(),
    ...(stored.finishedAt ? { finishedAt: stored.finishedAt.toISOString() } : {}),
    by: stored.by.name,
    byUserId: stored.by.userId,
  }
}

/** For events. */
export async function findDeploymentView(deployments: DeploymentStore, deploymentId: string): Promise<{ ownerId: string; deployment: Deployment } | undefined> {
  const stored = await deployments.findById(deploymentId)
  return stored && { ownerId: stored.ownerId, deployment: toDeploymentView(stored) }
}
