import { type EnvironmentName, gatewayCollections, type PublishedFunction } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Database } from '../database/database.ts'
import type { StoredRelease } from '../releases/release-store.ts'

export interface PublicationTarget {
  gatewayId: string
  environment: EnvironmentName
  name: string
}

/** Writes what runtimes serve. Both run inside a transaction of `withNextRevision`, which gives session and revision. */
export interface Publisher {
  /** Replaces the function's one document: a runtime sees the old release or the new one, never neither. */
  publish(target: PublicationTarget, release: StoredRelease, deploymentId: string, revision: number, session: ClientSession): Promise<void>
  /** Leaves a tombstone, so that a runtime that reads again by revision sees the removal. @returns false where nothing was published. */
  withdraw(target: PublicationTarget, revision: number, session: ClientSession): Promise<boolean>
}

type StoredPublication = PublishedFunction & { _id: string }

/** Named after what it is unique for, so that a replacement can also be the first write. */
const publicationId = ({ environment, name }: PublicationTarget) => `${environment}/${name}`

export function createPublisher(database: Database): Publisher {
  const publications = (gatewayId: string) => database.gateway(gatewayId).collection<StoredPublication>(gatewayCollections.publishedFunctions)
  return {
    async publish(target, release, deploymentId, revision, session) {
      const _id = publicationId(target)
      const publication: PublishedFunction = {
        environment: target.environment,
        name: target.name,
        revision,
        releaseId: release._id,
        version: release.version,
        code: release.code,
        sourceMap: release.sourceMap,
        ...(release.methods ? { methods: release.methods } : {}),
        limits: release.limits,
        ...(release.schedule ? { schedule: release.schedule } : {}),
        publishedAt: new Date(),
        deploymentId,
        isRemoved: false,
      }
      await publications(target.gatewayId).replaceOne({ _id, revision: { $lt: revision } }, publication, { upsert: true, session })
    },
    async withdraw(target, revision, session) {
      const { matchedCount } = await publications(target.gatewayId).updateOne(
        { _id: publicationId(target), isRemoved: false, revision: { $lt: revision } },
        { $set: { revision, isRemoved: true, code: '', sourceMap: '', publishedAt: new Date() }, $unset: { schedule: '' } },
        { session },
      )
      return matchedCount > 0
    },
  }
}
