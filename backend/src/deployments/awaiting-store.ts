import type { Deployment, PageQuery } from '@imprun/contracts'
import type { ClientSession, Filter, UpdateFilter } from 'mongodb'
import type { StoredDecision } from '../approvals/stored-approval.ts'
import type { Database } from '../database/database.ts'
import { containing, findNewestPage } from '../database/paging.ts'
import type { ReadableFilter } from '../members/member-store.ts'
import { isFollower, type Members, type StoredDeployment } from './stored-deployment.ts'

/**
 * Deployments that people decide on before anybody works on them. They are not open, so nobody takes them for abandoned. What changes one of a set changes
 * all of it, and two who decide at once are told apart by the number of decisions that they have seen.
 */
export interface AwaitingStore {
  /** @returns undefined when somebody else has decided, or it was ended, in between. */
  decide(members: Members, decision: StoredDecision): Promise<Members | undefined>
  /** The last approval: they are open from now on, and claimed by the caller. @returns undefined as above. */
  approve(members: Members, decision: StoredDecision): Promise<Members | undefined>
  /** With the decision that ends it, if one does. @returns undefined as above. */
  end(members: Members, ending: { error: NonNullable<Deployment['error']>; at: Date; decision?: StoredDecision }): Promise<Members | undefined>
  /** What waits for any of these functions in their environment gives way, whole sets too. */
  supersede(newest: Members, session: ClientSession): Promise<void>
  /** Of these gateways, newest first; one more than the limit when there is a next page. */
  listFor(userId: string, decidable: ReadableFilter, query: PageQuery): Promise<StoredDeployment[]>
  /** Of each set the lead, by id. */
  listLeads(limit: number, after?: string): Promise<StoredDeployment[]>
}

const awaiting = { awaitsApproval: true as const }
/** The lead of a set stands for all of it. */
const leads = { $or: [{ setId: { $exists: false } }, { $expr: { $eq: ['$setId', '$_id'] } }] }

export function createAwaitingStore(database: Database): AwaitingStore {
  const deployments = database.sys.collection<StoredDeployment>('deployments')

  const move = ([lead, ...followers]: Members, updateOf: (member: StoredDeployment) => UpdateFilter<StoredDeployment>): Promise<Members | undefined> =>
    database.client.withSession((session) =>
      session.withTransaction(async () => {
        const seen = { _id: lead._id, ...awaiting, 'approval.decisions': { $size: lead.approval?.decisions.length ?? 0 } }
        const moved = await deployments.findOneAndUpdate(seen, updateOf(lead), { returnDocument: 'after', session })
        if (!moved) return undefined
        const others: StoredDeployment[] = []
        for (const follower of followers) {
          const followed = await deployments.findOneAndUpdate({ _id: follower._id, ...awaiting }, updateOf(follower), { returnDocument: 'after', session })
          if (followed) others.push(followed)
        }
        return [moved, ...others] as const
      }),
    )

  return {
    decide: (members, decision) => move(members, () => ({ $push: { 'approval.decisions': decision } })),
    approve: (members, decision) =>
      move(members, (member) => ({
        $push: { 'approval.decisions': decision },
        $set: { isOpen: true, 'approval.approvedAt': decision.at },
        $unset: { awaitsApproval: '' },
        $inc: { fence: 1 },
        ...(isFollower(member) ? {} : { $currentDate: { claimedAt: true } }),
      })),
    end: (members, { error, at, decision }) =>
      move(members, () => ({
        $push: { history: { status: 'FAILED', at }, ...(decision ? { 'approval.decisions': decision } : {}) },
        $set: { status: 'FAILED', error, finishedAt: at },
        $unset: { awaitsApproval: '' },
      })),
    async supersede(newest, session) {
      const [{ _id, environment, createdAt: at }] = newest
      const mine = newest.map((each) => each._id)
      const functionIds = newest.map(({ functionId }) => functionId)
      const older = await deployments.find({ ...awaiting, functionId: { $in: functionIds }, environment, _id: { $nin: mine } }, { session }).toArray()
      if (older.length === 0) return
      const sets = older.flatMap(({ setId }) => setId ?? [])
      await deployments.updateMany(
        { ...awaiting, $or: [{ _id: { $in: older.map((each) => each._id) } }, { setId: { $in: sets } }] },
        {
          $set: { status: 'SUPERSEDED', supersededBy: _id, finishedAt: at },
          $push: { history: { status: 'SUPERSEDED', at } },
          $unset: { awaitsApproval: '' },
        },
        { session },
      )
    },
    listFor(userId, decidable, { filter, ...page }) {
      const mayDecide = { $or: [{ 'approval.approvers': { $exists: false } }, { 'approval.approvers': userId }] }
      const conditions: Filter<StoredDeployment>[] = [
        awaiting,
        decidable,
        mayDecide,
        { 'by.userId': { $ne: userId }, 'approval.decisions.userId': { $ne: userId } },
      ]
      if (filter) conditions.push({ functionName: containing(filter) })
      return findNewestPage(deployments, conditions, page)
    },
    listLeads: (limit, after) =>
      deployments
        .find({ $and: [awaiting, leads, after === undefined ? {} : { _id: { $gt: after } }] })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray(),
  }
}
