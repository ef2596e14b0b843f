import type { Deployment, DeploymentStatus, EnvironmentName, PageQuery } from '@imprun/contracts'
import type { ClientSession, Filter, UpdateFilter } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { containing, decodeCursor } from '../database/paging.ts'
import type { StoredFunction } from '../functions/function-store.ts'
import type { Caller } from '../http/handlers.ts'
import { firstIdAt } from '../platform/ids.ts'

/** Bookkeeping of a deployment that somebody still works on; gone once it has ended. */
interface OpenFields {
  isOpen?: true
  /** `<functionId>/<environment>` while it runs. Unique, so two can never run at once, whatever backend they are in. */
  lane?: string
  /** Raised by every holder; each write names it, so that a holder that was given up changes nothing. */
  fence: number
  /** By the database's clock. */
  claimedAt?: Date
}

export interface StoredDeployment extends OpenFields {
  _id: string
  gatewayId: string
  ownerId: string
  functionId: string
  functionName: string
  environment: EnvironmentName
  kind: Deployment['kind']
  from?: EnvironmentName
  releaseId: string
  version: string
  sourceHash: string
  /** The save that a publish was made of: of two publishes the one with the later save stays. */
  sourceRevision?: number
  reason?: string
  status: DeploymentStatus
  history: { status: DeploymentStatus; at: Date }[]
  message: string
  error?: NonNullable<Deployment['error']>
  warnings?: NonNullable<Deployment['warnings']>
  liveMs?: number
  /** Of the publication this deployment made. */
  revision?: number
  /** Of the publication that took it back, and the release that is served again; none when there was none before. */
  rollback?: { revision: number; releaseId?: string; version?: string }
  supersededBy?: string
  by: Caller
  requestId: string
  createdAt: Date
  finishedAt?: Date
}

export interface DeploymentQuery extends PageQuery {
  environment?: EnvironmentName | undefined
  status?: DeploymentStatus | undefined
}

export type NewDeployment = Omit<StoredDeployment, 'fence' | 'isOpen' | 'lane' | 'claimedAt' | 'history'>
type Ending = Pick<StoredDeployment, 'status' | 'finishedAt'> & Partial<Pick<StoredDeployment, 'error' | 'liveMs' | 'supersededBy'>>

export const laneOf = ({ functionId, environment }: Pick<StoredDeployment, 'functionId' | 'environment'>): string => `${functionId}/${environment}`

export const isLaneTaken = (error: unknown): boolean => isDuplicateKey(error) && 'lane' in (error.keyPattern ?? {})

/** @returns the deployment that put something newer there: made of a later save, or asked for later. */
export function newerServed(
  { _id, environment, sourceRevision }: Pick<StoredDeployment, '_id' | 'environment' | 'sourceRevision'>,
  all: StoredFunction['served'],
): string | undefined {
  const served = all[environment]
  if (!served) return undefined
  const { sourceRevision: theirs, deploymentId } = served
  const isNewer = sourceRevision !== undefined && theirs !== undefined ? theirs > sourceRevision : deploymentId > _id
  return isNewer ? deploymentId : undefined
}

/** Longer than a renewal may be late, and short enough that what a dead backend left is taken up within seconds. */
export const claimTtlMs = 3_000

export interface DeploymentStore {
  /** Claimed by the caller unless it has ended. With status IN_PROGRESS it takes the lane. */
  insert(deployment: NewDeployment, session: ClientSession): Promise<StoredDeployment>
  findById(deploymentId: string): Promise<StoredDeployment | undefined>
  isLaneBusy(lane: string): Promise<boolean>
  /** What runs or waits for one function in one environment. */
  listOpen(functionId: string, environment: EnvironmentName, session: ClientSession): Promise<StoredDeployment[]>
  /** Everything that waits for the lane of `newest` gives way to it. */
  supersedeWaiting(newest: StoredDeployment, at: Date, session: ClientSession): Promise<void>
  /** PENDING or VALIDATING to IN_PROGRESS, taking the lane. @returns false when the claim is lost. */
  begin(deployment: StoredDeployment, revision: number, at: Date, session: ClientSession): Promise<boolean>
  /** PENDING to VALIDATING. @returns false when the claim is lost or it was superseded. */
  validate(deployment: StoredDeployment, at: Date): Promise<boolean>
  /** IN_PROGRESS to FAILED, keeping the lane until the way back is acknowledged. @returns false when the claim is lost. */
  fail(deployment: StoredDeployment, failure: Required<Pick<StoredDeployment, 'error' | 'rollback'>>, at: Date, session: ClientSession): Promise<boolean>
  /** Ends it and frees the lane. @returns what was written; undefined when the claim is lost. */
  end(deployment: StoredDeployment, ending: Ending, session?: ClientSession): Promise<StoredDeployment | undefined>
  /** @returns false when the claim is lost. */
  renew(deployment: StoredDeployment): Promise<boolean>
  /** Takes over one open deployment whose holder has not renewed for `claimTtlMs`. */
  claimAbandoned(): Promise<StoredDeployment | undefined>
  /** Whether the environment has ever served the release. */
  hasSucceeded(functionId: string, environment: EnvironmentName, releaseId: string): Promise<boolean>
  /** What was served before the release first came, or came by promotion or publish the last time. */
  findSucceededBefore(functionId: string, environment: EnvironmentName, releaseId: string): Promise<StoredDeployment | undefined>
  listOfFunction(functionId: string, query: DeploymentQuery): Promise<StoredDeployment[]>
  listOfGateway(gatewayId: string, query: DeploymentQuery): Promise<StoredDeployment[]>
  /** Everything that was asked for since then. */
  listSince(gatewayId: string, since: Date): Promise<StoredDeployment[]>
  removeAll(gatewayId: string): Promise<void>
}

const isEnded = (status: DeploymentStatus) => status === 'SUPERSEDED'

/** A deployment that finds its lane free has had its gates evaluated on the way here; only one that waits is seen PENDING and VALIDATING in between. */
function historyOf({ status, createdAt }: NewDeployment): StoredDeployment['history'] {
  const passed: DeploymentStatus[] =
    status === 'IN_PROGRESS' ? ['PENDING', 'VALIDATING', 'IN_PROGRESS'] : status === 'PENDING' ? ['PENDING'] : ['PENDING', status]
  return passed.map((each) => ({ status: each, at: createdAt }))
}

export function createDeploymentStore(database: Database): DeploymentStore {
  const deployments = database.sys.collection<StoredDeployment>('deployments')

  const list = (scope: Filter<StoredDeployment>, { limit, cursor, filter, environment, status }: DeploymentQuery) => {
    const conditions: Filter<StoredDeployment>[] = [scope]
    if (environment) conditions.push({ environment })
    if (status) conditions.push({ status })
    if (filter) conditions.push({ functionName: containing(filter) })
    if (cursor) conditions.push({ _id: { $lt: decodeCursor(cursor) } })
    return deployments
      .find({ $and: conditions })
      .sort({ _id: -1 })
      .limit(limit + 1)
      .toArray()
  }

  /** One guarded step. What lost its claim writes nothing. */
  const move = async (
    { _id, fence }: StoredDeployment,
    from: readonly DeploymentStatus[],
    update: UpdateFilter<StoredDeployment>,
    session?: ClientSession,
  ): Promise<StoredDeployment | undefined> => {
    const filter = { _id, fence, isOpen: true as const, status: { $in: from } }
    return (await deployments.findOneAndUpdate(filter, update, { returnDocument: 'after', ...(session ? { session } : {}) })) ?? undefined
  }

  return {
    async insert(deployment, session) {
      const stored: StoredDeployment = {
        ...deployment,
        fence: 1,
        history: historyOf(deployment),
        ...(isEnded(deployment.status) ? {} : { isOpen: true as const }),
        ...(deployment.status === 'IN_PROGRESS' ? { lane: laneOf(deployment) } : {}),
      }
      const { _id, ...fields } = stored
      // An upsert instead of an insert, because only an update can ask for the database's time.
      await deployments.updateOne({ _id }, { $setOnInsert: fields, ...(stored.isOpen ? { $currentDate: { claimedAt: true } } : {}) }, { upsert: true, session })
      return stored
    },
    findById: async (deploymentId) => (await deployments.findOne({ _id: deploymentId })) ?? undefined,
    isLaneBusy: async (lane) => (await deployments.findOne({ lane }, { projection: { _id: 1 } })) !== null,
    listOpen: (functionId, environment, session) => deployments.find({ functionId, environment, isOpen: true }, { session }).toArray(),
    async supersedeWaiting(newest, at, session) {
      const waiting = {
        functionId: newest.functionId,
        environment: newest.environment,
        isOpen: true as const,
        status: { $in: ['PENDING', 'VALIDATING'] as const },
      }
      await deployments.updateMany(
        { ...waiting, _id: { $ne: newest._id } },
        {
          $set: { status: 'SUPERSEDED', supersededBy: newest._id, finishedAt: at },
          $push: { history: { status: 'SUPERSEDED', at } },
          $unset: { isOpen: '', claimedAt: '' },
        },
        { session },
      )
    },
    async begin(deployment, revision, at, session) {
      const begun = await move(
        deployment,
        ['PENDING', 'VALIDATING'],
        {
          $set: { status: 'IN_PROGRESS', revision, lane: laneOf(deployment) },
          $push: { history: { status: 'IN_PROGRESS', at } },
          $currentDate: { claimedAt: true },
        },
        session,
      )
      return begun !== undefined
    },
    async validate(deployment, at) {
      const validating = await move(deployment, ['PENDING', 'VALIDATING'], { $set: { status: 'VALIDATING' }, $push: { history: { status: 'VALIDATING', at } } })
      return validating !== undefined
    },
    async fail(deployment, failure, at, session) {
      const failed = await move(
        deployment,
        ['IN_PROGRESS'],
        { $set: { status: 'FAILED', ...failure }, $push: { history: { status: 'FAILED', at } }, $currentDate: { claimedAt: true } },
        session,
      )
      return failed !== undefined
    },
    end(deployment, ending, session) {
      // A deployment that is FAILED already, and only waited for the way back, keeps its one FAILED in the history.
      const isNewStatus = deployment.status !== ending.status
      const at = ending.finishedAt ?? new Date()
      return move(
        deployment,
        ['PENDING', 'VALIDATING', 'IN_PROGRESS', 'FAILED'],
        {
          $set: ending,
          ...(isNewStatus ? { $push: { history: { status: ending.status, at } } } : {}),
          $unset: { isOpen: '', lane: '', claimedAt: '' },
        },
        session,
      )
    },
    async renew({ _id, fence }) {
      const { matchedCount } = await deployments.updateOne({ _id, fence, isOpen: true }, { $currentDate: { claimedAt: true } })
      return matchedCount > 0
    },
    async claimAbandoned() {
      const abandoned = { isOpen: true as const, $expr: { $lt: ['$claimedAt', { $subtract: ['$$NOW', claimTtlMs] }] } }
      const claimed = await deployments.findOneAndUpdate(
        abandoned,
        { $inc: { fence: 1 }, $currentDate: { claimedAt: true } },
        { sort: { claimedAt: 1 }, returnDocument: 'after' },
      )
      return claimed ?? undefined
    },
    async hasSucceeded(functionId, environment, releaseId) {
      return (await deployments.findOne({ functionId, environment, status: 'SUCCESS', releaseId }, { projection: { _id: 1 } })) !== null
    },
    async findSucceededBefore(functionId, environment, releaseId) {
      const succeeded = { functionId, environment, status: 'SUCCESS' as const }
      const came = await deployments.findOne({ ...succeeded, releaseId, kind: { $ne: 'rollback' } }, { sort: { _id: -1 }, projection: { _id: 1 } })
      if (!came) return undefined
      return (await deployments.findOne({ ...succeeded, releaseId: { $ne: releaseId }, _id: { $lt: came._id } }, { sort: { _id: -1 } })) ?? undefined
    },
    listOfFunction: (functionId, query) => list({ functionId }, query),
    listOfGateway: (gatewayId, query) => list({ gatewayId }, query),
    listSince: (gatewayId, since) => deployments.find({ gatewayId, _id: { $gte: firstIdAt(since) } }).toArray(),
    async removeAll(gatewayId) {
      await deployments.deleteMany({ gatewayId })
    },
  }
}
