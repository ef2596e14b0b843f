import type { Document as BsonDocument, Collection } from 'mongodb'
import type { PhaseDocument } from './phase-document.ts'
import { claimIndex, stalledIndex } from './phase-indexes.ts'

export interface QueueDepth {
  /** Documents that could be claimed now. */
  readonly due: number
  /** How long the oldest of them could have been; 0 when there is none. */
  readonly oldestDueMs: number
  /** Due or not. */
  readonly stalled: number
}

/** Counts by index alone, so that `/metrics` may be asked as often as one likes. */
export const createQueueReader = (collection: Collection<PhaseDocument>, isDue: BsonDocument) => async (): Promise<QueueDepth> => {
  const counted = collection.aggregate<Omit<QueueDepth, 'stalled'>>(
    [
      { $match: isDue },
      { $group: { _id: null, due: { $sum: 1 }, oldest: { $min: { $max: ['$updatedAt', '$nextAttemptAt'] } } } },
      { $project: { _id: 0, due: 1, oldestDueMs: { $max: [0, { $subtract: ['$$NOW', '$oldest'] }] } } },
    ],
    { hint: claimIndex },
  )
  const [[waiting], stalled] = await Promise.all([counted.toArray(), collection.countDocuments({ isStalled: true }, { hint: stalledIndex })])
  return { due: 0, oldestDueMs: 0, ...waiting, stalled }
}
