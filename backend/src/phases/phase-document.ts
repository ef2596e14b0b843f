import type { LastError, Phase, State } from '@imprun/contracts'

/** The bookkeeping of every document that a phase machine moves. Only the claim store writes these, except where a noun's store says so. */
export interface PhaseDocument {
  _id: string
  /** What the user wants. Written by the noun's store. */
  state: State
  /** Where the system is. */
  phase: Phase
  /** When the holder last said it is at work, by the database's clock; `epoch` when nobody holds it. */
  lockedAt: Date
  /** Who holds it, or held it last. */
  lockedBy?: string
  /** Which of the claims that took several at once it was last taken by. */
  claimId?: string
  /** Rises with every holder. A write or a side effect with an older fence changes nothing. */
  fence: number
  /** Failures in a row; a step that gets further clears them. */
  attempts: number
  lastError?: StoredError
  /** Not before this. `untilNudged` at rest, so that claims, which go by it in order, never pass what is at rest. */
  nextAttemptAt: Date
  isStalled: boolean
  /** Since when its step has been waiting in this phase, without failing; absent while it does not. */
  waitingSince?: Date
  /** Rises with every reason to look again, so that one that arrives while a step runs is not lost to the wait the step asks for. */
  nudges: number
  createdAt: Date
  updatedAt: Date
}

export type StoredError = Omit<LastError, 'at'> & { at: Date }

/** The `lockedAt` of what nobody holds, and the `nextAttemptAt` of what need not wait. */
export const epoch = new Date(0)

/** The `nextAttemptAt` of a document that waits to be nudged. */
export const untilNudged = new Date('9999-12-31T00:00:00Z')

/**
 * A new document's bookkeeping. The first fence is a time: the same name may have lived before, and what remembers its last fence has to accept this one.
 */
export const newPhaseDocument = (now: Date, nextAttemptAt: Date = epoch): Omit<PhaseDocument, '_id'> => ({
  state: 'active',
  phase: 'Creating',
  lockedAt: epoch,
  fence: now.getTime(),
  attempts: 0,
  nextAttemptAt,
  isStalled: false,
  nudges: 0,
  createdAt: now,
  updatedAt: now,
})

/** The update that makes a document due now, whatever it waits for. */
export const nudge = { $set: { nextAttemptAt: epoch }, $inc: { nudges: 1 }, $currentDate: { updatedAt: true } } as const

/** The same, forgetting its failures as well: a person asked. */
export const retry = {
  $set: { ...nudge.$set, attempts: 0, isStalled: false },
  $unset: { lastError: '', waitingSince: '' },
  $inc: nudge.$inc,
  $currentDate: nudge.$currentDate,
} as const
