import { type EnvironmentName, gatewayCollections, type PublishedCandidate, type PublishedFunction } from '@imprun/contracts'
import type { ClientSession, Document, Filter } from 'mongodb'
import type { Database } from '../database/database.ts'
import type { StoredRelease } from '../releases/release-store.ts'

export interface PublicationTarget {
  gatewayId: string
  environment: EnvironmentName
  name: string
}

/** Whose candidate it is, and for how many percent of the callers. */
export interface Share {
  deploymentId: string
  percent: number
}

/** Writes what runtimes serve. All of it runs inside a transaction of `withNextRevision`, which gives session and revision. */
export interface Publisher {
  /** Replaces the function's one document: a runtime sees the old release or the new one, never neither. */
  publish(target: PublicationTarget, release: StoredRelease, deploymentId: string, revision: number, session: ClientSession): Promise<void>
  /** Leaves a tombstone, so that a runtime that reads again by revision sees the removal. @returns false where nothing was published. */
  withdraw(target: PublicationTarget, revision: number, session: ClientSession): Promise<boolean>
  /** Puts a candidate beside what is served, which stays as it is. @returns false where nothing is served. */
  publishCandidate(target: PublicationTarget, release: StoredRelease, share: Share, revision: number, session: ClientSession): Promise<boolean>
  /** Changes how many callers get the candidate. @returns false where it is not there. */
  raiseCandidate(target: PublicationTarget, share: Share, revision: number, session: ClientSession): Promise<boolean>
  /** Takes the candidate away. @returns false where there is none. */
  dropCandidate(target: PublicationTarget, revision: number, session: ClientSession): Promise<boolean>
}

type StoredPublication = PublishedFunction & { _id: string }

/** Named after what it is unique for, so that a replacement can also be the first write. */
const publicationId = ({ environment, name }: Omit<PublicationTarget, 'gatewayId'>) => `${environment}/${name}`

export function createPublisher(database: Database): Publisher {
  const publications = (gatewayId: string) => database.gateway(gatewayId).collection<StoredPublication>(gatewayCollections.publishedFunctions)
  const change = async (
    { gatewayId, ...place }: PublicationTarget,
    where: Filter<StoredPublication>,
    update: Document[],
    revision: number,
    session: ClientSession,
  ) => {
    const filter = { ...where, _id: publicationId(place), revision: { $lte: revision } }
    const { matchedCount } = await publications(gatewayId).updateOne(filter, update, { session })
    return matchedCount > 0
  }
  return {
    async publish(target, release, deploymentId, revision, session) {
      const _id = publicationId(target)
      const publication: PublishedFunction = {
        environment: target.environment,
        name: target.name,
        revision,
        releaseId: release._id,
        ...servedPartOf(release),
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
        { $set: { revision, isRemoved: true, code: '', sourceMap: '', publishedAt: new Date() }, $unset: { schedule: '', codeRevision: '', candidate: '' } },
        { session },
      )
      return matchedCount > 0
    },
    async publishCandidate(target, release, { deploymentId, percent }, revision, session) {
      const candidate: PublishedCandidate = { revision, deploymentId, percent, releaseId: release._id, ...servedPartOf(release) }
      const isServed = { isRemoved: false }
      // What comes from authors may look like an expression of MongoDB, and is none.
      return change(target, isServed, [{ $set: { ...keepingCode(revision), candidate: { $literal: candidate } } }], revision, session)
    },
    raiseCandidate: (target, { deploymentId, percent }, revision, session) =>
      change(target, { 'candidate.deploymentId': deploymentId }, [{ $set: { ...keepingCode(revision), 'candidate.percent': percent } }], revision, session),
    dropCandidate: (target, revision, session) =>
      change(target, { candidate: { $exists: true } }, [{ $set: keepingCode(revision) }, { $unset: 'candidate' }], revision, session),
  }
}

/** The document is newer, and the code that it serves is not: no runtime has to load that again. */
const keepingCode = (revision: number): Document => ({ revision, codeRevision: { $ifNull: ['$codeRevision', '$revision'] } })

const servedPartOf = ({ version, code, sourceMap, methods, limits }: StoredRelease) => ({ version, code, sourceMap, ...(methods ? { methods } : {}), limits })
