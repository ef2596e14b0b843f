import type { IndexDescription } from 'mongodb'
import { epoch } from './phase-document.ts'

/** What claims, and counts of what is due, go by in this order: whatever is at rest or waits comes after all that is due, and is never looked at. */
export const claimIndex = { nextAttemptAt: 1, updatedAt: 1, lockedAt: 1, phase: 1, state: 1 } as const
/** Has only what somebody holds. */
export const heldIndex = { lockedAt: 1 } as const
/** Has only what is stalled, so that to count it costs nothing while nothing is. */
export const stalledIndex = { isStalled: 1 } as const

/** Every collection of phase documents has these. */
export const phaseIndexes: readonly IndexDescription[] = [
  { key: claimIndex },
  { key: heldIndex, partialFilterExpression: { lockedAt: { $gt: epoch } } },
  { key: stalledIndex, partialFilterExpression: { isStalled: true } },
]
