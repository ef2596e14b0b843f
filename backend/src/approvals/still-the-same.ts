import type { Members, StoredDeployment } from '../deployments/stored-deployment.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { FunctionStore, ListedFunction } from '../functions/function-store.ts'
import type { ReleaseInputs } from '../publishing/release-inputs.ts'
import type { ListedRelease, ReleaseStore } from '../releases/release-store.ts'
import { hasTightened } from './approval-rules.ts'

export interface SameDeps {
  functions: Pick<FunctionStore, 'listByIds'>
  releases: Pick<ReleaseStore, 'listByIds'>
  inputs: ReleaseInputs
  environments: Pick<EnvironmentStore, 'find'>
}

/** @returns why an approval would be for something else than what would be deployed now; undefined when it is for the same. */
export async function findChange(deps: SameDeps, members: Members): Promise<string | undefined> {
  const [{ gatewayId, environment, approval }] = members
  const target = await deps.environments.find(gatewayId, environment)
  if (!target) return `Environment ${environment} is gone.`
  if (approval && hasTightened(approval, target.protection)) return `The protection of ${environment} has changed.`
  const [functions, releases] = await Promise.all([
    deps.functions.listByIds(members.map(({ functionId }) => functionId)),
    deps.releases.listByIds(members.map(({ releaseId }) => releaseId)),
  ])
  const stored = new Map(functions.map((each) => [each._id, each]))
  for (const member of members) {
    const change = await findReleaseChange(deps, member, stored.get(member.functionId), releases.get(member.releaseId))
    if (change) return change
  }
  return undefined
}

async function findReleaseChange(
  deps: SameDeps,
  deployment: StoredDeployment,
  stored: ListedFunction | undefined,
  release: ListedRelease | undefined,
): Promise<string | undefined> {
  const { functionName, version, approval } = deployment
  if (!stored) return `Function "${functionName}" was deleted.`
  if (!release || release.hash !== approval?.releaseHash) return `Release ${version} of "${functionName}" is gone.`
  return deployment.kind === 'publish' ? findSourceChange(deps, stored, release) : findSourceOfPromotionChange(deployment, stored)
}

async function findSourceChange({ inputs }: SameDeps, stored: ListedFunction, release: ListedRelease): Promise<string | undefined> {
  const isSame = stored.sourceHash === release.sourceHash && (await inputs.areCurrent(release.gatewayId, release))
  return isSame ? undefined : `"${stored.name}" was saved again, or something that it imports.`
}

function findSourceOfPromotionChange({ kind, from, releaseId, functionName }: StoredDeployment, { served }: ListedFunction): string | undefined {
  const present = from && served[from]?.releaseId
  const isSame = kind === 'removal' ? present === undefined : present === releaseId
  return isSame ? undefined : `${from} serves another release of "${functionName}" now.`
}
