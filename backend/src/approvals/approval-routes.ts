import { toPage } from '../database/paging.ts'
import { toDeploymentView } from '../deployments/deployment-view.ts'
import type { StoredDeployment } from '../deployments/stored-deployment.ts'
import { type ApiRequest, accepted, type Handlers } from '../http/handlers.ts'
import type { Approvals } from './approvals.ts'

type Decision = ApiRequest<'approveDeployment'> | ApiRequest<'rejectDeployment'> | ApiRequest<'cancelDeployment'>

export function createApprovalRoutes({
  approvals,
}: {
  approvals: Approvals
}): Pick<Handlers, 'listApprovals' | 'approveDeployment' | 'rejectDeployment' | 'cancelDeployment'> {
  const named = ({ params, account }: Decision) => ({ ...params, caller: account })
  const answer = (request: Decision, deployment: StoredDeployment) => {
    const { functionName, environment, releaseId, version, status, approval } = deployment
    request.audit({ functionName, environment, releaseId, version, result: status, ...(approval ? { releaseHash: approval.releaseHash } : {}) })
    return toDeploymentView(deployment)
  }
  return {
    async listApprovals({ account, query }) {
      return toPage(await approvals.list(account.userId, query), query.limit, ({ _id }) => _id, toDeploymentView)
    },
    async approveDeployment(request) {
      const { body, receivedAtMs, audit } = request
      audit({ ...body })
      const deployment = await approvals.approve({ ...named(request), ...body, receivedAtMs })
      const view = answer(request, deployment)
      return deployment.finishedAt ? view : accepted(view)
    },
    async rejectDeployment(request) {
      request.audit({ ...request.body })
      return answer(request, await approvals.reject({ ...named(request), ...request.body }))
    },
    async cancelDeployment(request) {
      request.audit({ ...request.body })
      return answer(request, await approvals.cancel({ ...named(request), ...request.body }))
    },
  }
}
