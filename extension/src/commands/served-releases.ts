import type { Bump, Deployment } from '@imprun/contracts'

/** A release that an environment has served, by the deployment that put it there last. */
export interface ServedRelease {
  readonly releaseId: string
  readonly last: Deployment
  /** Where a rollback goes by itself. */
  readonly isBefore: boolean
}

/**
 * The releases that an environment has served and does not serve now: the one before the present first, then newest first.
 * "Before" is counted as the backend does it: from the deployment that first brought the present release, not from a rollback to it.
 * @param succeeded deployments to the environment that ended well, newest first.
 */
export function servedReleases(succeeded: readonly Deployment[], presentId: string | undefined): ServedRelease[] {
  const came = succeeded.findIndex(({ releaseId, kind }) => releaseId === presentId && kind !== 'rollback')
  const before = came < 0 ? undefined : succeeded.slice(came + 1).find(({ releaseId }) => releaseId !== presentId)?.releaseId
  const lastOf = new Map<string, Deployment>()
  for (const deployment of succeeded) if (!lastOf.has(deployment.releaseId)) lastOf.set(deployment.releaseId, deployment)
  lastOf.delete(presentId ?? '')
  const all = [...lastOf].map(([releaseId, last]) => ({ releaseId, last, isBefore: releaseId === before }))
  return all.sort((a, b) => Number(b.isBefore) - Number(a.isBefore))
}

/** The version that a release made now would get; the first is 1.0.0 whatever is asked for. */
export function versionAfter(latest: string | undefined, bump: Bump): string {
  if (latest === undefined) return '1.0.0'
  const [major = 0, minor = 0, patch = 0] = latest.split('.').map(Number)
  if (bump === 'major') return `${major + 1}.0.0`
  return bump === 'minor' ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`
}
