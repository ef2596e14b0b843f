import { type Deployment, ImprunError } from '@imprun/contracts'
import type { DeploymentStore } from '../deployments/deployment-store.ts'
import { toDeploymentView } from '../deployments/deployment-view.ts'
import { successOf } from '../deployments/deployments.ts'
import type { StoredDeployment } from '../deployments/stored-deployment.ts'
import type { OwnedGateways } from '../functions/function-lookup.ts'
import { type ApiRequest, accepted, type Handlers } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { canaryNotRunning } from './canary-errors.ts'
import type { CanaryStore } from './canary-store.ts'
import type { PersonsWord } from './stored-canary.ts'

export interface CanaryRoutesDeps {
  gateways: OwnedGateways
  deploymentStore: Pick<DeploymentStore, 'findById'>
  canaries: Pick<CanaryStore, 'say'>
  clock: Clock
}

const answer = (current: StoredDeployment): Deployment => (current.isOpen ? accepted(toDeploymentView(current)) : toDeploymentView(current))

const askEveryMs = 100
/** Longer than whoever holds the deployment needs to hear of it, and runtimes to go by it. */
const patienceMs = 15_000

export function createCanaryRoutes({ gateways, deploymentStore, canaries, clock }: CanaryRoutesDeps): Pick<Handlers, 'promoteCanary' | 'abortCanary'> {
  const find = async (gatewayId: string, deploymentId: string): Promise<StoredDeployment> => {
    const deployment = await deploymentStore.findById(deploymentId)
    if (deployment?.gatewayId === gatewayId) return deployment
    throw new ImprunError('DEPLOYMENT_NOT_FOUND', `There is no deployment ${deploymentId} in gateway ${gatewayId}.`)
  }
  /** @returns the deployment as it ended, or as it is after a while */
  const say = async ({ params, account, signal }: ApiRequest<'promoteCanary'> | ApiRequest<'abortCanary'>, word: Pick<PersonsWord, 'action' | 'reason'>) => {
    const { gatewayId } = await gateways.getChangeable(params.gatewayId, account.userId)
    const { _id } = await find(gatewayId, params.deploymentId)
    if (!(await canaries.say(_id, { ...word, by: account.name, at: clock.now() }))) throw canaryNotRunning()
    const untilMs = clock.monotonicMs() + patienceMs
    for (;;) {
      const current = await find(gatewayId, _id)
      if (!current.isOpen || clock.monotonicMs() > untilMs) return current
      await clock.sleepMs(askEveryMs, signal)
    }
  }
  return {
    async promoteCanary(request) {
      if (request.account.isAutomation) {
        throw new ImprunError('FORBIDDEN', 'Only a person promotes a canary before its time; a service token may abort it.')
      }
      request.audit({ deploymentId: request.params.deploymentId })
      const current = await say(request, { action: 'promote' })
      return answer(successOf(current))
    },
    async abortCanary(request) {
      const { reason } = request.body
      request.audit({ deploymentId: request.params.deploymentId, reason })
      const current = await say(request, { action: 'abort', reason })
      return answer(current)
    },
  }
}
