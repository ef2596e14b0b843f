import type { DeploymentStatus, EnvironmentName } from '@imprun/contracts'
import type { ClientSession, UpdateFilter } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { createDeploymentHistory, type DeploymentHistory } from './deployment-history.ts'
import { claimTtlMs, type Ending, isFollower, laneOf, type Members, type NewDeployment, type StoredDeployment } from './stored-deployment.ts'

export const isLaneTaken = (error: unknown): boolean => isDuplicateKey(error) && 'lane' in (error.keyPattern ?? {})

type Failure = Required<Pick<StoredDeployment, 'error' | 'rollback'>> & Pick<StoredDeployment, 'supersededBy'>

/** Transitions move all members or none; what lost its claim on the lead moves nothing. */
export interface DeploymentStore extends DeploymentHistory {
  /** Claimed by the caller unless it has ended or awaits approval. With status IN_PROGRESS it takes the lane. */
  insert(deployment: NewDeployment, session: ClientSession): Promise<StoredDeployment>
  /** The same for all of a set, the lead first. */
  insertAll(deployments: readonly [NewDeployment, ...NewDeployment[]], session: ClientSession): Promise<Members>
  findById(deploymentId: string): Promise<StoredDeployment | undefined>
  /** What a call with an Idempotency-Key has begun: of a set the lead. */
  findOfCall(callId: string | undefined): Promise<StoredDeployment | undefined>
  /** The deployment with the other members of its set, by the name of their functions after the lead. */
  listMembers(lead: StoredDeployment, session?: ClientSession): Promise<Members>
  /** What runs or waits for these functions in one environment. */
  listOpen(functionIds: readonly string[], environment: EnvironmentName, session?: ClientSession): Promise<StoredDeployment[]>
  /** Everything that waits by itself for the lane of `newest` gives way to it. A set that waits does not. */
  supersedeWaiting(newest: StoredDeployment, at: Date, session: ClientSession): Promise<void>
  /** PENDING or VALIDATING to IN_PROGRESS, taking the lanes. */
  begin(members: Members, revision: number, at: Date, session: ClientSession): Promise<Members | undefined>
  /** PENDING to VALIDATING. @returns undefined when the claim is lost or it was superseded. */
  validate(members: Members, at: Date): Promise<Members | undefined>
  /** IN_PROGRESS to FAILED, keeping the lanes until the way back is acknowledged. */
  fail(members: Members, failureOf: (member: StoredDeployment) => Failure, at: Date, session: ClientSession): Promise<Members | undefined>
  /** Ends them and frees the lanes. @returns what was written; undefined when the claim is lost. */
  end(members: Members, ending: Ending, session?: ClientSession): Promise<Members | undefined>
  /** @returns false when the claim is lost. */
  renew(lead: StoredDeployment): Promise<boolean>
  /** Takes over one open deployment, or set, whose holder has not renewed for `claimTtlMs`. @returns the lead */
  claimAbandoned(): Promise<StoredDeployment | undefined>
  removeAll(gatewayId: string): Promise<void>
}

const isEnded = (status: DeploymentStatus) => status === 'SUPERSEDED'

/** A deployment that finds its lane free has had its gates evaluated on the way here; only one that waits is seen PENDING and VALIDATING in between. */
function historyOf({ status, createdAt }: NewDeployment): StoredDeployment['history'] {
  const passed: DeploymentStatus[] =
    status === 'IN_PROGRESS' ? ['PENDING', 'VALIDATING', 'IN_PROGRESS'] : status === 'PENDING' ? ['PENDING'] : ['PENDING', status]
  return passed.map((each) => ({ status: each, at: createdAt }))
}

const begun = (deployment: NewDeployment): StoredDeployment => ({
  ...deployment,
  fence: 1,
  history: historyOf(deployment),
  ...(isEnded(deployment.status) || deployment.awaitsApproval ? {} : { isOpen: true as const }),
  ...(deployment.status === 'IN_PROGRESS' ? { lane: laneOf(deployment) } : {}),
})

const claiming = (member: StoredDeployment): UpdateFilter<StoredDeployment> => (isFollower(member) ? {} : { $currentDate: { claimedAt: true } })

/** An upsert instead of an insert, because only an update can ask for the database's time. */
function insertion(stored: StoredDeployment) {
  const { _id, ...fields } = stored
  return { filter: { _id }, update: { $setOnInsert: fields, ...(stored.isOpen ? claiming(stored) : {}) }, upsert: true }
}

export function createDeploymentStore(database: Database): DeploymentStore {
  const deployments = database.sys.collection<StoredDeployment>('deployments')

  const listMembers = async (lead: StoredDeployment, session?: ClientSession): Promise<Members> => {
    if (lead.setId === undefined) return [lead]
    const options = { sort: { functionName: 1 }, ...(session ? { session } : {}) } as const
    return [lead, ...(await deployments.find({ setId: lead.setId, _id: { $ne: lead._id } }, options).toArray())]
  }

  const inTransaction = <T>(session: ClientSession | undefined, work: (session: ClientSession) => Promise<T>): Promise<T> =>
    session ? work(session) : database.client.withSession((own) => own.withTransaction(() => work(own)))

  /** One guarded step of the lead, which the others follow in the same transaction. */
  const move = async (
    [lead, ...followers]: Members,
    from: readonly DeploymentStatus[],
    updateOf: (member: StoredDeployment) => UpdateFilter<StoredDeployment>,
    session?: ClientSession,
  ): Promise<Members | undefined> => {
    const guarded = { _id: lead._id, fence: lead.fence, isOpen: true as const, status: { $in: from } }
    const moveLead = async (options: { session?: ClientSession }) =>
      (await deployments.findOneAndUpdate(guarded, updateOf(lead), { returnDocument: 'after', ...options })) ?? undefined
    if (followers.length === 0) {
      const moved = await moveLead(session ? { session } : {})
      return moved && [moved]
    }
    return inTransaction(session, async (shared) => {
      const moved = await moveLead({ session: shared })
      if (!moved) return undefined
      const updates = followers.map((follower) => ({ updateOne: { filter: { _id: follower._id, isOpen: true as const }, update: updateOf(follower) } }))
      await deployments.bulkWrite(updates, { session: shared })
      return listMembers(moved, shared)
    })
  }

  return {
    ...createDeploymentHistory(deployments),
    async insert(deployment, session) {
      const stored = begun(deployment)
      const { filter, update, upsert } = insertion(stored)
      await deployments.updateOne(filter, update, { upsert, session })
      return stored
    },
    async insertAll([lead, ...followers], session) {
      const members: Members = [begun(lead), ...followers.map(begun)]
      await deployments.bulkWrite(
        members.map((stored) => ({ updateOne: insertion(stored) })),
        { session },
      )
      return members
    },
    findById: async (deploymentId) => (await deployments.findOne({ _id: deploymentId })) ?? undefined,
    findOfCall: async (callId) => (callId === undefined ? undefined : ((await deployments.findOne({ callId })) ?? undefined)),
    listMembers,
    listOpen: (functionIds, environment, session) =>
      deployments.find({ functionId: { $in: [...functionIds] }, environment, isOpen: true }, session ? { session } : {}).toArray(),
    async supersedeWaiting(newest, at, session) {
      const waiting = {
        functionId: newest.functionId,
        environment: newest.environment,
        isOpen: true as const,
        setId: { $exists: false },
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
    begin: (members, revision, at, session) =>
      move(
        members,
        ['PENDING', 'VALIDATING'],
        (member) => ({
          $set: { status: 'IN_PROGRESS', revision, lane: laneOf(member) },
          $push: { history: { status: 'IN_PROGRESS', at } },
          ...claiming(member),
        }),
        session,
      ),
    validate: (members, at) =>
      move(members, ['PENDING', 'VALIDATING'], () => ({ $set: { status: 'VALIDATING' }, $push: { history: { status: 'VALIDATING', at } } })),
    fail: (members, failureOf, at, session) =>
      move(
        members,
        ['IN_PROGRESS'],
        (member) => ({ $set: { status: 'FAILED', ...failureOf(member) }, $push: { history: { status: 'FAILED', at } }, ...claiming(member) }),
        session,
      ),
    end(members, ending, session) {
      const at = ending.finishedAt ?? new Date()
      return move(
        members,
        ['PENDING', 'VALIDATING', 'IN_PROGRESS', 'FAILED'],
        ({ status }) => ({
          $set: ending,
          // A deployment that is FAILED already, and only waited for the way back, keeps its one FAILED in the history.
          ...(status === ending.status ? {} : { $push: { history: { status: ending.status, at } } }),
          $unset: { isOpen: '', lane: '', claimedAt: '' },
        }),
        session,
      )
    },
    async renew({ _id, fence }) {
      const { matchedCount } = await deployments.updateOne({ _id, fence, isOpen: true }, { $currentDate: { claimedAt: true } })
      return matchedCount > 0
    },
    async claimAbandoned() {
      const isOld = { $expr: { $lt: ['$claimedAt', { $subtract: ['$$NOW', claimTtlMs] }] } }
      const claimed = await deployments.findOneAndUpdate(
        { isOpen: true as const, claimedAt: { $exists: true }, ...isOld },
        { $inc: { fence: 1 }, $currentDate: { claimedAt: true } },
        { sort: { claimedAt: 1 }, returnDocument: 'after' },
      )
      return claimed ?? undefined
    },
    async removeAll(gatewayId) {
      await deployments.deleteMany({ gatewayId })
    },
  }
}
