import { type EnvironmentName, gatewayCollections, type StoredCredential } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import type { Caller } from '../http/handlers.ts'
import type { ReadableFilter } from '../members/member-store.ts'
import { grantExists, grantNotFound } from './application-errors.ts'
import type { StoredApplication } from './application-store.ts'

export interface StoredGrant {
  _id: string
  applicationId: string
  /** Of the gateway. */
  ownerId: string
  gatewayId: string
  environment: EnvironmentName
  credentialId: string
  keyHint: string
  state: 'active' | 'revoked'
  /** The gateway's revision with which runtimes learn of the present state. */
  revision: number
  createdAt: Date
  createdBy: Caller
  revokedAt?: Date
}

/** `credentials` of sys_db: the backend's own view of keys; runtimes read theirs from `__credentials` of the gateway. */
export interface IssuedCredential {
  _id: string
  grantId: string
  applicationId: string
  gatewayId: string
  environment: EnvironmentName
  hash: string
  state: 'active' | 'revoked'
}

export interface GrantStore {
  /** Grant, credential and what the runtimes read, in the caller's transaction. @throws GRANT_EXISTS */
  issue(grant: StoredGrant, credential: StoredCredential, session: ClientSession): Promise<void>
  /** @throws GRANT_NOT_FOUND */
  get(grantId: string): Promise<StoredGrant>
  /** Applications that have been granted any of the gateways that somebody may read. */
  listApplicationIds(readable: ReadableFilter): Promise<string[]>
  /** Safe to repeat: one that is revoked already stays as it is. */
  revoke(grant: StoredGrant, revision: number, at: Date, session: ClientSession): Promise<StoredGrant>
  /** Newest first. */
  listOf(applicationIds: readonly string[], session?: ClientSession): Promise<StoredGrant[]>
  /** Whether a key with this hash opens the environment. */
  isAccepted(gatewayId: string, environment: EnvironmentName, hash: string): Promise<boolean>
  removeOf(applicationId: string, session: ClientSession): Promise<void>
  removeAll(gatewayId: string): Promise<void>
}

export function createGrantStore(database: Database): GrantStore {
  const applications = database.sys.collection<StoredApplication>('applications')
  const grants = database.sys.collection<StoredGrant>('applicationGrants')
  const credentials = database.sys.collection<IssuedCredential>('credentials')
  const published = (gatewayId: string) => database.gateway(gatewayId).collection<StoredCredential & { _id: string }>(gatewayCollections.credentials)
  return {
    async issue(grant, credential, session) {
      const { _id, applicationId, gatewayId, environment, credentialId } = grant
      try {
        await grants.insertOne(grant, { session })
      } catch (error) {
        throw isDuplicateKey(error) ? grantExists(credential.applicationName, gatewayId, environment) : error
      }
      const issued = { _id: credentialId, grantId: _id, applicationId, gatewayId, environment, hash: credential.hash, state: 'active' as const }
      await credentials.insertOne(issued, { session })
      await published(gatewayId).insertOne({ _id: credentialId, ...credential }, { session })
    },
    listApplicationIds: (readable) => grants.distinct('applicationId', readable),
    async get(grantId) {
      const found = await grants.findOne({ _id: grantId })
      if (!found) throw grantNotFound(grantId)
      return found
    },
    async revoke({ _id, gatewayId, credentialId }, revision, at, session) {
      const revoked = await grants.findOneAndUpdate(
        { _id, state: 'active' },
        { $set: { state: 'revoked', revokedAt: at, revision } },
        { session, returnDocument: 'after' },
      )
      if (!revoked) {
        const found = await grants.findOne({ _id }, { session })
        if (!found) throw grantNotFound(_id)
        return found
      }
      await credentials.updateOne({ _id: credentialId }, { $set: { state: 'revoked' } }, { session })
      // A tombstone and no removal: a runtime that reads again by revision has to see it.
      await published(gatewayId).updateOne({ _id: credentialId }, { $set: { state: 'revoked', revision } }, { session })
      return revoked
    },
    listOf: (applicationIds, session) =>
      grants
        .find({ applicationId: { $in: [...applicationIds] } }, session ? { session } : {})
        .sort({ _id: -1 })
        .toArray(),
    async isAccepted(gatewayId, environment, hash) {
      return (await credentials.findOne({ hash, gatewayId, environment, state: 'active' }, { projection: { _id: 1 } })) !== null
    },
    async removeOf(applicationId, session) {
      await grants.deleteMany({ applicationId }, { session })
      await credentials.deleteMany({ applicationId }, { session })
    },
    async removeAll(gatewayId) {
      const applicationIds = await grants.distinct('applicationId', { gatewayId })
      await credentials.deleteMany({ gatewayId })
      await grants.deleteMany({ gatewayId })
      // Those who look at the applications are told by their documents.
      await applications.updateMany({ _id: { $in: applicationIds } }, { $currentDate: { updatedAt: true } })
    },
  }
}
