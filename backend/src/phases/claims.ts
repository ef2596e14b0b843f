import type { Document as BsonDocument, Collection } from 'mongodb'
import type { Decision } from './decisions.ts'
import type { Pair } from './machine.ts'
import { epoch, type PhaseDocument, type StoredError } from './phase-document.ts'

/** Longer than any pause of a healthy process; a step that needs more time renews. Raising it only delays recovery after a crash. */
export const lockTtlMs = 60_000

export interface Failure extends Omit<StoredError, 'at'> {
  readonly nextAttemptAfterMs: number
  readonly isStalled: boolean
}

export type Written<Document> = { readonly outcome: 'written'; readonly document: Document | undefined } | { readonly outcome: 'lost' }

/**
 * Who may move which document. Times are the database's, so clocks of processes may differ. Whoever holds a claim is told apart by `fence`: a write of
 * a holder that has lost its claim matches nothing.
 */
export interface ClaimStore<Document extends PhaseDocument> {
  /** Takes the document that has waited longest among those that are due and unheld. @returns undefined when there is none. */
  claim(exceptIds?: readonly string[]): Promise<Document | undefined>
  /** @returns false when the claim is lost. */
  renew(held: Document): Promise<boolean>
  /** Writes what a step decided; `keep` holds on to the claim. `document` is what was written, with the wish as it is now; absent when removed. */
  decide(held: Document, decision: Decision<Document>, options: { keep: boolean }): Promise<Written<Document>>
  /** Records a failure and frees the document, in one write. */
  fail(held: Document, failure: Failure): Promise<Written<Document>>
  /** Frees the document as it is. */
  release(held: Document): Promise<Written<Document>>
  /** Takes back what an earlier life of this same holder held when it was killed. Raises the fence, in case that life is not over. @returns how many. */
  releaseHeldBefore(): Promise<number>
  /** What waits at this moment. */
  readDepth(): Promise<QueueDepth>
}

export interface QueueDepth {
  /** Documents that could be claimed now. */
  readonly due: number
  /** How long the oldest of them could have been; 0 when there is none. */
  readonly oldestDueMs: number
  /** Due or not. */
  readonly stalled: number
}

const free = { lockedAt: epoch }
const literal = (value: unknown): unknown => (value === undefined ? '$$REMOVE' : { $literal: value })
const literals = (fields: object): BsonDocument => Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, literal(value)]))
/** A nudge that came while the step ran outweighs the wait that the step asked for. */
const dueAfterMs = (held: PhaseDocument, ms: number) => ({ $cond: [{ $eq: ['$nudges', held.nudges] }, { $add: ['$$NOW', ms] }, epoch] })

export function createClaimStore<Document extends PhaseDocument>(options: {
  collection: Collection<Document>
  pairs: readonly Pair[]
  /** Names this process across its restarts. */
  holder: string
  lockTtlMs?: number
  /** Read at each claim: which documents are for this process at all, as a filter of MongoDB. */
  only?: (() => BsonDocument) | undefined
}): ClaimStore<Document> {
  // The driver's filter types cannot see through a type parameter; the fields used here are those of every phase document.
  const collection = options.collection as unknown as Collection<PhaseDocument>
  const { holder } = options
  const ttlMs = options.lockTtlMs ?? lockTtlMs
  const take = { lockedAt: '$$NOW', lockedBy: literal(holder) }
  const isDue = {
    $and: [{ $lt: ['$lockedAt', { $subtract: ['$$NOW', ttlMs] }] }, { $lte: ['$nextAttemptAt', '$$NOW'] }],
  }
  const mine = ({ _id, phase, fence }: PhaseDocument) => ({ _id, phase, fence })

  const update = async (held: Document, set: BsonDocument): Promise<Written<Document>> => {
    const document = await collection.findOneAndUpdate(mine(held), [{ $set: set }], { returnDocument: 'after' })
    return document ? { outcome: 'written', document: document as Document } : { outcome: 'lost' }
  }
  const advanced = (set: object) => ({
    ...literals(set),
    attempts: 0,
    isStalled: false,
    lastError: '$$REMOVE',
    nextAttemptAt: epoch,
    updatedAt: '$$NOW',
  })

  return {
    async claim(exceptIds = []) {
      const document = await collection.findOneAndUpdate(
        {
          $or: options.pairs.map(({ phase, state }) => ({ phase, state })),
          ...options.only?.(),
          $expr: isDue,
          ...(exceptIds.length > 0 ? { _id: { $nin: [...exceptIds] } } : {}),
        },
        [{ $set: { ...take, fence: { $add: ['$fence', 1] } } }],
        { sort: { lockedAt: 1, updatedAt: 1 }, returnDocument: 'after' },
      )
      return (document as Document | null) ?? undefined
    },
    async renew(held) {
      const { matchedCount } = await collection.updateOne(mine(held), [{ $set: take }])
      return matchedCount === 1
    },
    async decide(held, decision, { keep }) {
      if (decision.kind === 'remove') {
        const { deletedCount } = await collection.deleteOne(mine(held))
        return deletedCount === 1 ? { outcome: 'written', document: undefined } : { outcome: 'lost' }
      }
      if (decision.kind === 'tryAgain') return update(held, { ...free, nextAttemptAt: dueAfterMs(held, decision.afterMs), updatedAt: '$$NOW' })
      return update(held, { ...advanced(decision.set), phase: decision.phase, ...(keep ? take : free) })
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
    release: (held) => update(held, free),
    async releaseHeldBefore() {
      const { modifiedCount } = await collection.updateMany({ lockedBy: holder, lockedAt: { $gt: epoch } }, { $set: free, $inc: { fence: 1 } })
      return modifiedCount
    },
    async readDepth() {
      const inPairs = { $or: options.pairs.map(({ phase, state }) => ({ phase, state })) }
      const [counted] = await collection
        .aggregate<QueueDepth>([
          { $match: inPairs },
          { $set: { isDue, dueSince: { $max: ['$updatedAt', '$nextAttemptAt'] } } },
          {
            $group: {
              _id: null,
              due: { $sum: { $cond: ['$isDue', 1, 0] } },
              oldest: { $min: { $cond: ['$isDue', '$dueSince', '$$NOW'] } },
              stalled: { $sum: { $cond: ['$isStalled', 1, 0] } },
            },
          },
          { $project: { _id: 0, due: 1, stalled: 1, oldestDueMs: { $max: [0, { $subtract: ['$$NOW', '$oldest'] }] } } },
        ])
        .toArray()
      return counted ?? { due: 0, oldestDueMs: 0, stalled: 0 }
    },
  }
}
