import type { Members, StoredDeployment } from '../deployments/stored-deployment.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { FunctionStore, StoredFunction } from '../functions/function-store.ts'
import type { ReleaseInputs } from '../publishing/release-inputs.ts'
import type { ReleaseStore, StoredRelease } from '../releases/release-store.ts'
import { hasTightened } from './approval-rules.ts'

export interface SameDeps {
  functions: Pick<FunctionStore, 'findById'>
  releases: Pick<ReleaseStore, 'find'>
  inputs: ReleaseInputs
  environments: Pick<EnvironmentStore, 'find'>
}

/** @returns why an approval would be for something else than what would be deployed now; undefined when it is for the same. */
export async function findChange(deps: SameDeps, members: Members): Promise<string | undefined> {
  const [{ gatewayId, environment, approval }] = members
  const target = await deps.environments.find(gatewayId, environment)
  if (!target) return `Environment ${environment} is gone.`
  if (approval && hasTightened(approval, target.protection)) return `The protection of ${environment} has changed.`
  for (const member of members) {
    const change = await findReleaseChange(deps, member)
    if (change) return change
  }
  return undefined
}

async function findReleaseChange(deps: SameDeps, deployment: StoredDeployment): Promise<string | undefined> {
  const { functionId, functionName, releaseId, version, approval } = deployment
  const [stored, release] = await Promise.all([deps.functions.findById(functionId), deps.releases.find(releaseId)])
  if (!stored) return `Function "${functionName}" was deleted.`
  if (release?.hash !== approval?.releaseHash || !release) return `Release ${version} of "${functionName}" is gone.`
  return deployment.kind === 'publish' ? findSourceChange(deps, stored, release) : findSourceOfPromotionChange(deployment, stored)
}

async function findSourceChange({ inputs }: SameDeps, stored: StoredFunction, release: StoredRelease): Promise<string | undefined> {
  const isSame = stored.sourceHash === release.sourceHash && (await inputs.areCurrent(release.gatewayId, release))
  return isSame ? undefined : `"${stored.name}" was saved again, or something that it imports.`
}

function findSourceOfPromotionChange({ kind, from, releaseId, functionName }: StoredDeployment, { served }: StoredFunction): string | undefined {
  const present = from && served[from]?.releaseId
  const isSame = kind === 'removal' ? present === undefined : present === releaseId
  return isSame ? undefined : `${from} serves another release of "${functionName}" now.`
}
