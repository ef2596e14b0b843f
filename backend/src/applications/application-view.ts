import type { Application, Grant } from '@imprun/contracts'
import type { ApplicationStore, StoredApplication } from './application-store.ts'
import type { GrantStore, StoredGrant } from './grant-store.ts'

export const toGrantView = (stored: StoredGrant): Grant => ({
  grantId: stored._id,
  applicationId: stored.applicationId,
  gatewayId: stored.gatewayId,
  environment: stored.environment,
  credentialId: stored.credentialId,
  keyHint: stored.keyHint,
  state: stored.state,
  createdAt: stored.createdAt.toISOString(),
  createdBy: stored.createdBy.name,
  ...(stored.revokedAt ? { revokedAt: stored.revokedAt.toISOString() } : {}),
})

export const toApplicationView = (stored: StoredApplication, grants: readonly StoredGrant[]): Application => ({
  applicationId: stored._id,
  name: stored.name,
  description: stored.description,
  organization: stored.organization,
  createdAt: stored.createdAt.toISOString(),
  grants: grants.filter(({ applicationId }) => applicationId === stored._id).map(toGrantView),
})

interface Stores {
  applications: ApplicationStore
  grants: GrantStore
}

/** For events. Every change of a grant touches its application. */
export async function findApplicationView(
  { applications, grants }: Stores,
  applicationId: string,
): Promise<{ ownerId: string; application: Application } | undefined> {
  const [stored, theirs] = await Promise.all([applications.findById(applicationId), grants.listOf([applicationId])])
  return stored && { ownerId: stored.ownerId, application: toApplicationView(stored, theirs) }
}
