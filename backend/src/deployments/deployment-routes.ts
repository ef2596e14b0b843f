import { type EnvironmentName, environmentBefore, ImprunError } from '@imprun/contracts'
import type { GradualWish } from '../canaries/stored-canary.ts'
import { toPage } from '../database/paging.ts'
import type { FunctionLookup, OwnedGateways } from '../functions/function-lookup.ts'
import { parseFunctionReference } from '../functions/function-rules.ts'
import { type ApiRequest, accepted, type Handlers } from '../http/handlers.ts'
import type { DeploymentStore } from './deployment-store.ts'
import { toDeploymentView } from './deployment-view.ts'
import { type Deployments, successOf } from './deployments.ts'
import type { StoredDeployment } from './stored-deployment.ts'

export interface DeploymentRoutesDeps {
  gateways: OwnedGateways
  lookup: FunctionLookup
  deployments: Deployments
  deploymentStore: DeploymentStore
}

type RouteNames = 'rollbackFunction' | 'publishFunction' | 'promoteFunction' | 'deployToStage' | 'listDeployments' | 'listGatewayDeployments'
type Mutation = ApiRequest<'rollbackFunction'> | ApiRequest<'publishFunction'> | ApiRequest<'promoteFunction'> | ApiRequest<'deployToStage'>

export function createDeploymentRoutes({ gateways, lookup, deployments, deploymentStore }: DeploymentRoutesDeps): Pick<Handlers, RouteNames> {
  const contextOf = ({ account, requestId, callId, receivedAtMs }: Mutation) => ({
    by: account,
    requestId,
    ...(callId === undefined ? {} : { callId }),
    receivedAtMs,
  })
  /** A call that is begun again after a crash goes on with what it had begun: a rollback done twice would go back two releases. */
  const once = async ({ callId }: Mutation, deploy: () => Promise<StoredDeployment>) => (await deploymentStore.findOfCall(callId)) ?? deploy()

  const promote = async (request: Mutation, reference: string, from: EnvironmentName, to: EnvironmentName, gradual: GradualWish = {}) => {
    request.audit({ function: reference, from, to, ...gradual })
    const { gateway, stored } = await lookup.getForChange(request.params.gatewayId, reference, request.account.userId)
    return answer(request, await once(request, () => deployments.promote({ gateway, stored, from, to, gradual, ...contextOf(request) })))
  }

  const answer = (request: Mutation, ended: StoredDeployment) => {
    request.audit({ deploymentId: ended._id, releaseId: ended.releaseId, version: ended.version, result: ended.status })
    const view = toDeploymentView(successOf(ended))
    return ended.finishedAt ? view : accepted(view)
  }

  return {
    async publishFunction(request) {
      const { environment, canary, healthCheck, ...wish } = request.body
      const gradual = { ...(canary ? { canary } : {}), ...(healthCheck ? { healthCheck } : {}) }
      request.audit({ function: request.params.functionId, to: environment, ...(wish.bump ? { bump: wish.bump } : {}), ...gradual })
      const { gateway, stored } = await lookup.getForChange(request.params.gatewayId, request.params.functionId, request.account.userId)
      return answer(request, await once(request, () => deployments.publish({ gateway, stored, environment, wish, gradual, ...contextOf(request) })))
    },
    async rollbackFunction(request) {
      const { environment, releaseId, reason } = request.body
      request.audit({ function: request.params.functionId, environment, reason, ...(releaseId === undefined ? {} : { to: releaseId }) })
      const { gateway, stored } = await lookup.getForChange(request.params.gatewayId, request.params.functionId, request.account.userId)
      return answer(request, await once(request, () => deployments.rollback({ gateway, stored, environment, releaseId, reason, ...contextOf(request) })))
    },
    promoteFunction(request) {
      const { from, to, ...gradual } = request.body
      return promote(request, request.params.functionId, from, to, gradual)
    },
    async deployToStage(request) {
      const { functionId } = request.params
      const to = request.body.targetStage
      const { inEnvironment } = parseFunctionReference(functionId)
      const from = inEnvironment?.environment ?? environmentBefore(to)
      if (!from) throw noSourceStage(to)
      return promote(request, inEnvironment?.name ?? functionId, from, to)
    },
    async listDeployments({ params, query, account }) {
      const { stored } = await lookup.getOwned(params.gatewayId, params.functionId, account.userId)
      const rows = await deploymentStore.listOfFunction(stored._id, query)
      return toPage(rows, query.limit, ({ _id }) => _id, toDeploymentView)
    },
    async listGatewayDeployments({ params, query, account }) {
      const { gatewayId } = await gateways.getOwned(params.gatewayId, account.userId)
      const rows = await deploymentStore.listOfGateway(gatewayId, query)
      return toPage(rows, query.limit, ({ _id }) => _id, toDeploymentView)
    },
  }
}

const noSourceStage = (to: EnvironmentName) =>
  new ImprunError('INPUT_INVALID', `Name the stage that the release comes from, for example "staging%2FcalculateTax", or publish to ${to}.`, {
    errors: [{ field: 'path.functionId', message: 'Use <environment>/<name>, with the slash URL-encoded.' }],
  })
