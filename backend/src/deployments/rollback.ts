import type { EnvironmentName } from '@imprun/contracts'
import { isBesideServed } from '../canaries/stored-canary.ts'
import type { OwnedGateway } from '../functions/function-lookup.ts'
import type { StoredFunction } from '../functions/function-store.ts'
import type { Caller } from '../http/handlers.ts'
import type { ReleaseStore } from '../releases/release-store.ts'
import { nothingToRollBackTo, releaseNeverServed } from './deployment-errors.ts'
import type { DeploymentStore } from './deployment-store.ts'
import { evaluateGates } from './gates.ts'
import type { Prepared, TargetEnvironments } from './prepare.ts'

export interface RollbackOf {
  gateway: OwnedGateway
  stored: StoredFunction
  environment: EnvironmentName
  /** Absent: the release that was there before the present one. */
  releaseId?: string | undefined
  by: Caller
}
interface RollbackDeps {
  environments: TargetEnvironments
  releases: ReleaseStore
  deployments: DeploymentStore
}

/**
 * Back to a release that this environment has served: compiles nothing, and asks for no order of stages, because it has been there.
 * @throws RELEASE_NEVER_SERVED, NOTHING_TO_ROLL_BACK_TO
 */
export async function prepareRollback(deps: RollbackDeps, { gateway, stored, environment, releaseId, by }: RollbackOf): Promise<Prepared> {
  const wanted = await findTarget(deps.deployments, stored, environment, releaseId)
  const [target, release] = await Promise.all([deps.environments.get(gateway.gatewayId, environment), deps.releases.find(wanted)])
  if (!release) throw releaseNeverServed(stored.name, environment)
  const refusals = evaluateGates({
    functionName: stored.name,
    target: { environment, ...target },
    pipeline: 'off',
    isAutomation: by.isAutomation === true,
    release: { version: release.version, releaseId: release._id },
    served: stored.served,
  })
  return { refusals, isHeld: target.held !== undefined, protection: target.protection, candidate: { release } }
}

/**
 * "Before" is counted from the deployment that first brought the present release and not from a rollback to it: whoever rolls back twice goes two
 * releases back, and not to and fro. Whoever rolls back while a canary runs means the candidate.
 */
async function findTarget(deployments: DeploymentStore, stored: StoredFunction, environment: EnvironmentName, releaseId: string | undefined): Promise<string> {
  if (releaseId !== undefined) {
    if (await deployments.hasSucceeded(stored._id, environment, releaseId)) return releaseId
    throw releaseNeverServed(stored.name, environment)
  }
  const present = stored.served[environment]?.releaseId
  // Some callers have a candidate already: to go back is then to go to what is served beside it.
  if (present !== undefined && (await deployments.listOpen([stored._id], environment)).some(({ canary }) => isBesideServed(canary))) return present
  const before = present === undefined ? undefined : await deployments.findSucceededBefore(stored._id, environment, present)
  if (!before) throw nothingToRollBackTo(stored.name, environment)
  return before.releaseId
}
