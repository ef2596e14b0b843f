import { phases, states } from '@imprun/contracts'
import type { Document as BsonDocument, Collection } from 'mongodb'
import { newId } from '../platform/ids.ts'
import { attemptsBeforeStalled } from './backoff.ts'
import type { Decision } from './decisions.ts'
import type { Pair } from './machine.ts'
import { epoch, type PhaseDocument, type StoredError, untilNudged } from './phase-document.ts'
import { claimIndex, heldIndex } from './phase-indexes.ts'
import { createQueueReader, type QueueDepth } from './queue-depth.ts'

/** Longer than any pause of a healthy process; a step that needs more time renews. Raising it only delays recovery after a crash. */
export const lockTtlMs = 60_000
/** How long a step may wait in one phase before a person should look. It goes on waiting. */
export const waitDeadlineMs = 5 * 60_000

export interface Failure extends Omit<StoredError, 'at'> {
  readonly nextAttemptAfterMs: number
  readonly isStalled: boolean
}

/** `document`: as it is now, with the wish of this moment; only of one that is held on to. */
export type Written<Document> = { readonly outcome: 'written'; readonly document?: Document } | { readonly outcome: 'lost' }

/**
 * Who may move which document. Times are the database's, so clocks of processes may differ. Whoever holds a claim is told apart by `fence`: a write of
 * a holder that has lost its claim matches nothing.
 */
export interface ClaimStore<Document extends PhaseDocument> {
  /** Takes the document that has been due longest among those that are unheld and of a phase and state known here. @returns undefined when there is none. */
  claim(exceptIds?: readonly string[]): Promise<Document | undefined>
  /** The same for several, in a few commands whatever their number. @returns fewer where other holders were faster, none when there is none */
  claimSeveral(atMost: number, exceptIds?: readonly string[]): Promise<Document[]>
  /** @returns false when the claim is lost. */
  renew(held: Document): Promise<boolean>
  /** Writes what a step decided; `keep` holds on to the claim. */
  decide(held: Document, decision: Decision<Document>, options: { keep: boolean }): Promise<Written<Document>>
  /** Records a failure and frees the document, in one write. */
  fail(held: Document, failure: Failure): Promise<Written<Document>>
  /** Frees the document as it is; one at rest is then left alone until it is nudged. */
  release(held: Document, options: { isAtRest: boolean }): Promise<Written<Document>>
  /** Takes back what an earlier life of this same holder held when it was killed. Raises the fence, in case that life is not over. @returns how many. */
  releaseHeldBefore(): Promise<number>
  /** Has claims pass by what is at rest and due all the same, as earlier versions of imprun left it. @returns how many. */
  settle(resting: readonly Pair[]): Promise<number>
  /** What waits at this moment. */
  readDepth(): Promise<QueueDepth>
}

const free = { lockedAt: epoch }
const literal = (value: unknown): unknown => (value === undefined ? '$$REMOVE' : { $literal: value })
const literals = (fields: object): BsonDocument => Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, literal(value)]))
/** A nudge that came while the step ran outweighs the wait that the step asks for. */
const dueAt = (held: PhaseDocument, wanted: unknown) => ({ $cond: [{ $eq: ['$nudges', held.nudges] }, wanted, epoch] })
const dueAfterMs = (held: PhaseDocument, ms: number) => dueAt(held, { $add: ['$$NOW', ms] })

export function createClaimStore<Document extends PhaseDocument>(options: {
  collection: Collection<Document>
  /** Names this process across its restarts. */
  holder: string
  lockTtlMs?: number
  waitDeadlineMs?: number
  /** Read at each claim: which documents are for this process at all, as a filter of MongoDB. */
  only?: (() => BsonDocument) | undefined
}): ClaimStore<Document> {
  // The driver's filter types cannot see through a type parameter; the fields used here are those of every phase document.
  const collection = options.collection as unknown as Collection<PhaseDocument>
  const { holder } = options
  const ttlMs = options.lockTtlMs ?? lockTtlMs
  const take = { lockedAt: '$$NOW', lockedBy: literal(holder) }
  /** Phases and states of a later version are left to it. */
  const isDue = {
    phase: { $in: [...phases] },
    state: { $in: [...states] },
    $expr: { $and: [{ $lte: ['$nextAttemptAt', '$$NOW'] }, { $lt: ['$lockedAt', { $subtract: ['$$NOW', ttlMs] }] }] },
  }
  const dueBut = (exceptIds: readonly string[]) => ({
    ...isDue,
    ...options.only?.(),
    ...(exceptIds.length > 0 ? { _id: { $nin: [...exceptIds] } } : {}),
  })
  const taking = { ...take, fence: { $add: ['$fence', 1] } }
  const byId = { hint: { _id: 1 } } as const
  const inOrder = { sort: { nextAttemptAt: 1, updatedAt: 1 }, hint: claimIndex } as const
  const mine = ({ _id, phase, fence }: PhaseDocument) => ({ _id, phase, fence })

  const update = async (held: Document, set: BsonDocument): Promise<Written<Document>> => {
    const { matchedCount } = await collection.updateOne(mine(held), [{ $set: set }])
    return { outcome: matchedCount === 1 ? 'written' : 'lost' }
  }
  // To have the document back MongoDB writes it down a second time, so only who needs it asks.
  const updateAndRead = async (held: Document, set: BsonDocument): Promise<Written<Document>> => {
    const document = await collection.findOneAndUpdate(mine(held), [{ $set: set }], { returnDocument: 'after' })
    return document ? { outcome: 'written', document: document as Document } : { outcome: 'lost' }
  }
  const advanced = (set: object) => ({
    ...literals(set),
    attempts: 0,
    isStalled: false,
    lastError: '$$REMOVE',
    waitingSince: '$$REMOVE',
    updatedAt: '$$NOW',
  })

  return {
    async claim(exceptIds = []) {
      const document = await collection.findOneAndUpdate(dueBut(exceptIds), [{ $set: taking }], { ...inOrder, returnDocument: 'after' })
      return (document as Document | null) ?? undefined
    },
    async claimSeveral(atMost, exceptIds = []) {
      for (;;) {
        const due = await collection.find(dueBut(exceptIds), { ...inOrder, limit: atMost, projection: { _id: 1 } }).toArray()
        if (due.length === 0) return []
        // Each is taken by a write of its own, on the condition that it is still due; which of them were, only this claim's name tells.
        const [those, claimId] = [{ $in: due.map(({ _id }) => _id) }, newId()]
        const { modifiedCount } = await collection.updateMany({ ...isDue, _id: those }, [{ $set: { ...taking, claimId } }], byId)
        if (modifiedCount > 0) return (await collection.find({ _id: those, claimId }, byId).toArray()) as Document[]
      }
    },
    async renew(held) {
      const { matchedCount } = await collection.updateOne(mine(held), [{ $set: take }])
      return matchedCount === 1
    },
    async decide(held, decision, { keep }) {
      if (decision.kind === 'remove') {
        const { deletedCount } = await collection.deleteOne(mine(held))
        return { outcome: deletedCount === 1 ? 'written' : 'lost' }
      }
      if (decision.kind === 'tryAgain')
        return update(held, {
          ...free,
          ...waited(decision.waitsFor, options.waitDeadlineMs ?? waitDeadlineMs),
          nextAttemptAt: dueAfterMs(held, decision.afterMs),
          updatedAt: '$$NOW',
        })
      const moved = { ...advanced(decision.set), phase: decision.phase }
      if (keep) return updateAndRead(held, { ...moved, ...take, nextAttemptAt: epoch })
      const next = decision.waitMs === undefined ? dueAt(held, untilNudged) : dueAfterMs(held, decision.waitMs)
      return update(held, { ...moved, ...free, nextAttemptAt: next })
    },
    fail: (held, { code, message, nextAttemptAfterMs, isStalled }) =>
      update(held, {
        ...free,
        attempts: { $add: ['$attempts', 1] },
        lastError: { ...literals({ code, message }), at: '$$NOW' },
        nextAttemptAt: dueAfterMs(held, nextAttemptAfterMs),
        isStalled,
        updatedAt: '$$NOW',
      }),
    release: (held, { isAtRest }) => update(held, { ...free, ...(isAtRest ? { nextAttemptAt: dueAt(held, untilNudged) } : {}) }),
    async releaseHeldBefore() {
      const { modifiedCount } = await collection.updateMany(
        { lockedBy: holder, lockedAt: { $gt: epoch } },
        { $set: free, $inc: { fence: 1 } },
        { hint: heldIndex },
      )
      return modifiedCount
    },
    async settle(resting) {
      if (resting.length === 0) return 0
      const { modifiedCount } = await collection.updateMany(
        { $or: resting.map(({ phase, state }) => ({ phase, state })), nextAttemptAt: { $lt: untilNudged } },
        { $set: { nextAttemptAt: untilNudged } },
        { hint: claimIndex },
      )
      return modifiedCount
    },
    readDepth: createQueueReader(collection, isDue),
  }
}

/** A wait that has lasted too long is told as an error, and ends as such when the step gets further. */
function waited(waitsFor: string, deadlineMs: number): BsonDocument {
  const since = { $ifNull: ['$waitingSince', '$$NOW'] }
  const isOverdue = { $gte: [{ $subtract: ['$$NOW', since] }, deadlineMs] }
  const message = `This has been waiting for ${waitsFor} for more than ${deadlineMs / 1000} s. It goes on by itself once that is there.`
  return {
    waitingSince: since,
    isStalled: { $or: [isOverdue, { $gte: ['$attempts', attemptsBeforeStalled] }] },
    lastError: { $cond: [isOverdue, { ...literals({ code: 'WAITS_TOO_LONG', message }), at: '$$NOW' }, '$lastError'] },
  }
}
