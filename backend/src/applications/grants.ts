import { createHash, randomBytes } from 'node:crypto'
import { apiKeyHint, type CreateGrant, formatApiKey, isImprunError, type StoredCredential } from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import { withNextRevision } from '../database/gateway-revision.ts'
import type { OwnedGateways } from '../functions/function-lookup.ts'
import type { Caller } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Acknowledgements } from '../publishing/acknowledgements.ts'
import { keyNotAcknowledged, revokeNotAcknowledged } from './application-errors.ts'
import type { ApplicationStore } from './application-store.ts'
import type { GrantStore, StoredGrant } from './grant-store.ts'

export interface GrantsDeps {
  database: Database
  gateways: OwnedGateways
  environments: { get(gatewayId: string, environment: CreateGrant['environment']): Promise<unknown> }
  applications: ApplicationStore
  grants: GrantStore
  acknowledgements: Acknowledgements
  clock: Clock
  acknowledgeDeadlineMs: number
}

export interface Grants {
  /**
   * Answers when every live runtime accepts the key, which exists in clear only in this answer.
   * @throws GRANT_EXISTS, GATEWAY_NOT_FOUND, ENVIRONMENT_NOT_FOUND, APPLICATION_NOT_FOUND; RUNTIME_NOT_ACKNOWLEDGED, and then the key is void.
   */
  create(wanted: CreateGrant, by: Caller): Promise<{ grant: StoredGrant; apiKey: string }>
  /** Answers when every live runtime refuses the key. @throws RUNTIME_NOT_ACKNOWLEDGED naming who does not; it stays revoked. */
  revoke(grant: StoredGrant): Promise<StoredGrant>
}

export const hashApiKey = (key: string): string => createHash('sha256').update(key).digest('base64')

/** Of which about one in thirty is passed over; formatApiKey asks for 45 at least. */
const keyRandomBytes = 64

export function createGrants(deps: GrantsDeps): Grants {
  const { database, gateways, environments, applications, grants, acknowledgements, clock, acknowledgeDeadlineMs: deadlineMs } = deps

  const waitFor = ({ gatewayId, environment, revision }: StoredGrant) =>
    // A runtime that starts later reads the keys before it answers anyone, so there is nobody else to wait for.
    acknowledgements.waitForRuntimes(gatewayId, environment, revision, { deadlineMs, whenNone: 'answer' })

  const writeRevoked = async (grant: StoredGrant): Promise<StoredGrant> => {
    const at = clock.now()
    const { result } = await withNextRevision(database, grant.gatewayId, async (session, revision) => {
      await applications.touch(grant.applicationId, at, session)
      return grants.revoke(grant, revision, at, session)
    })
    return result
  }

  /** A gateway on its way out has no say any more: its databases, and with them all its keys, are going. */
  const isGoing = async ({ gatewayId, ownerId }: StoredGrant) => {
    try {
      await gateways.getChangeable(gatewayId, ownerId)
      return false
    } catch (error) {
      if (isImprunError(error) && (error.code === 'GATEWAY_NOT_FOUND' || error.code === 'GATEWAY_BEING_DELETED')) return true
      throw error
    }
  }

  return {
    async create({ applicationId, gatewayId, environment }, by) {
      await applications.getOwned(applicationId, by.userId)
      const { ownerId } = await gateways.getChangeable(gatewayId, by.userId)
      await environments.get(gatewayId, environment)
      const apiKey = formatApiKey(environment, randomBytes(keyRandomBytes))
      const credentialId = `${gatewayId}-${environment}-${randomBytes(6).toString('hex')}`
      const at = clock.now()
      const grantId = newId()
      const { result: grant } = await withNextRevision(database, gatewayId, async (session, revision) => {
        const { name: applicationName } = await applications.touch(applicationId, at, session)
        const credential: StoredCredential = {
          credentialId,
          grantId,
          applicationId,
          applicationName,
          environment,
          revision,
          hash: hashApiKey(apiKey),
          state: 'active',
        }
        const granted: StoredGrant = {
          _id: grantId,
          applicationId,
          ownerId,
          gatewayId,
          environment,
          credentialId,
          keyHint: apiKeyHint(apiKey),
          state: 'active',
          revision,
          createdAt: at,
          createdBy: by,
        }
        await grants.issue(granted, credential, session)
        return granted
      })
      const acknowledged = await waitFor(grant)
      if (acknowledged.outcome !== 'late') return { grant, apiKey }
      // Nobody will ever see this key, so it would only stand in the way of the next try.
      await writeRevoked(grant)
      throw keyNotAcknowledged(acknowledged.runtimeIds)
    },
    async revoke(grant) {
      if (await isGoing(grant)) return grant
      const revoked = await writeRevoked(grant)
      const acknowledged = await waitFor(revoked)
      if (acknowledged.outcome === 'late') throw revokeNotAcknowledged(acknowledged.runtimeIds)
      return revoked
    },
  }
}
