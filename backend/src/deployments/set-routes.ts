import { type EnvironmentName, environmentNameSchema, ImprunError, type PromotionPlan } from '@imprun/contracts'
import { environmentNotFound } from '../environments/environment-errors.ts'
import type { OwnedGateways } from '../functions/function-lookup.ts'
import { accepted, type Handlers } from '../http/handlers.ts'
import { setEnded } from './deployment-errors.ts'
import type { DeploymentStore } from './deployment-store.ts'
import type { Deployments } from './deployments.ts'
import { planSet, type SetDeps } from './prepare-set.ts'
import { toSetView } from './set-view.ts'

export interface SetRoutesDeps extends SetDeps {
  gateways: OwnedGateways
  deployments: Deployments
  deploymentStore: DeploymentStore
}

type RouteNames = 'planPromotion' | 'promoteEnvironment' | 'getDeploymentSet'

export function createSetRoutes(deps: SetRoutesDeps): Pick<Handlers, RouteNames> {
  const { gateways, deployments, deploymentStore } = deps
  return {
    async planPromotion({ params, query, account }) {
      const gateway = await gateways.getOwned(params.gatewayId, account.userId)
      const to = toEnvironment(params)
      const wanted = { gateway, from: query.from, to, includeRemovals: query.includeRemovals === 'true', by: account }
      const { functions, refusals, variablesMissing, protection } = await planSet(deps, wanted)
      return { from: query.from, to, functions, variablesMissing, refusals: refusals.map(toPlannedRefusal), approvalsRequired: protection?.approvals ?? 0 }
    },
    async promoteEnvironment({ params, body, account, requestId, callId, receivedAtMs, audit }) {
      audit({ ...body, to: params.environment })
      const gateway = await gateways.getChangeable(params.gatewayId, account.userId)
      // A call that is begun again after a crash is told of the set that it had begun.
      const begun = await deploymentStore.findOfCall(callId)
      const members = begun
        ? await deploymentStore.listMembers(begun)
        : await deployments.promoteAll({ gateway, ...body, to: toEnvironment(params), by: account, requestId, callId, receivedAtMs })
      const ended = toSetView(members)
      audit({ setId: ended.setId, result: ended.status, releases: ended.deployments.map(({ functionName, version }) => `${functionName} ${version}`) })
      if (!members[0].finishedAt) return accepted(ended)
      if (ended.status !== 'SUCCESS') throw setEnded(ended)
      return ended
    },
    async getDeploymentSet({ params, account }) {
      const { gatewayId } = await gateways.getOwned(params.gatewayId, account.userId)
      const lead = await deploymentStore.findById(params.setId)
      if (lead?.gatewayId === gatewayId && lead.setId === lead._id) return toSetView(await deploymentStore.listMembers(lead))
      throw new ImprunError('DEPLOYMENT_NOT_FOUND', `This gateway has no set ${params.setId}.`)
    },
  }
}

function toEnvironment({ gatewayId, environment }: { gatewayId: string; environment: string }): EnvironmentName {
  const parsed = environmentNameSchema.safeParse(environment)
  if (!parsed.success) throw environmentNotFound(gatewayId, environment)
  return parsed.data
}

const toPlannedRefusal = ({
  functionName,
  code,
  detail,
  errors,
}: Awaited<ReturnType<typeof planSet>>['refusals'][number]): PromotionPlan['refusals'][number] => ({
  ...(functionName === undefined ? {} : { functionName }),
  code,
  detail,
  ...(errors ? { errors: [...errors] } : {}),
})
