import type { DeploymentStatus, EnvironmentName, PageQuery } from '@imprun/contracts'
import type { ClientSession, Collection, Filter } from 'mongodb'
import { containing, findNewestPage } from '../database/paging.ts'
import { firstIdAt } from '../platform/ids.ts'
import type { StoredDeployment } from './stored-deployment.ts'

export interface DeploymentQuery extends PageQuery {
  environment?: EnvironmentName | undefined
  status?: DeploymentStatus | undefined
}

export type EndedDeployment = Pick<StoredDeployment, '_id' | 'status' | 'releaseId'>

/** What was, and what it tells of where an environment can go back to. */
export interface DeploymentHistory {
  /** Whether the environment has ever served the release. */
  hasSucceeded(functionId: string, environment: EnvironmentName, releaseId: string): Promise<boolean>
  /** What was served before the release first came, or came by promotion or publish the last time. */
  findSucceededBefore(functionId: string, environment: EnvironmentName, releaseId: string, session?: ClientSession): Promise<StoredDeployment | undefined>
  listOfFunction(functionId: string, query: DeploymentQuery): Promise<StoredDeployment[]>
  listOfGateway(gatewayId: string, query: DeploymentQuery): Promise<StoredDeployment[]>
  /** Everything that was asked for since then. */
  listSince(gatewayId: string, since: Date): Promise<StoredDeployment[]>
  /** What open deployments of the function bring, or go back to. */
  listOpenReleases(functionId: string, session?: ClientSession): Promise<string[]>
  /** Those that were asked for before and have ended, by id. */
  listEndedBefore(gatewayId: string, before: Date, page: { after: string; limit: number }): Promise<EndedDeployment[]>
  removeMany(deploymentIds: readonly string[]): Promise<void>
}

export function createDeploymentHistory(deployments: Collection<StoredDeployment>): DeploymentHistory {
  const list = (scope: Filter<StoredDeployment>, { filter, environment, status, ...page }: DeploymentQuery) => {
    const conditions: Filter<StoredDeployment>[] = [scope]
    if (environment) conditions.push({ environment })
    if (status) conditions.push({ status })
    if (filter) conditions.push({ functionName: containing(filter) })
    return findNewestPage(deployments, conditions, page)
  }
  return {
    async hasSucceeded(functionId, environment, releaseId) {
      return (await deployments.findOne({ functionId, environment, status: 'SUCCESS', releaseId }, { projection: { _id: 1 } })) !== null
    },
    async findSucceededBefore(functionId, environment, releaseId, session) {
      const options = { sort: { revision: -1 }, ...(session ? { session } : {}) } as const
      const succeeded = { functionId, environment, status: 'SUCCESS' as const }
      const came = await deployments.findOne({ ...succeeded, releaseId, kind: { $ne: 'rollback' } }, { ...options, projection: { revision: 1 } })
      if (came?.revision === undefined) return undefined
      return (await deployments.findOne({ ...succeeded, releaseId: { $ne: releaseId }, revision: { $lt: came.revision } }, options)) ?? undefined
    },
    listOfFunction: (functionId, query) => list({ functionId }, query),
    listOfGateway: (gatewayId, query) => list({ gatewayId }, query),
    async listOpenReleases(functionId, session) {
      const open = await deployments
        .find(
          {
            $or: [
              { functionId, isOpen: true },
              { functionId, awaitsApproval: true },
            ],
          },
          session ? { session } : {},
        )
        .toArray()
      return open.flatMap(({ releaseId, rollback }) => [releaseId, ...(rollback?.releaseId ? [rollback.releaseId] : [])])
    },
    listEndedBefore: (gatewayId, before, { after, limit }) =>
      deployments
        .find({ gatewayId, _id: { $gt: after, $lt: firstIdAt(before) }, finishedAt: { $exists: true } })
        .sort({ _id: 1 })
        .limit(limit)
        .project<EndedDeployment>({ status: 1, releaseId: 1 })
        .toArray(),
    async removeMany(deploymentIds) {
      await deployments.deleteMany({ _id: { $in: [...deploymentIds] } })
    },
    listSince: (gatewayId, since) => deployments.find({ gatewayId, _id: { $gte: firstIdAt(since) } }).toArray(),
  }
}
