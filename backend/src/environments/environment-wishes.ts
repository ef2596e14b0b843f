import type { State } from '@imprun/contracts'
import type { Document } from 'mongodb'
import { epoch } from '../phases/phase-document.ts'

/** The wish of a person for one environment, apart from its gateway's. */
export type OwnState = Exclude<State, 'deleted'>

/** Who wants what of an environment. Its `state` follows from both: an environment runs where its gateway does, unless it was stopped by itself. */
export interface EnvironmentWishes {
  /** What the gateway wants; absent in one made before the two were told apart, where `state` was it. */
  gatewayState?: State
  /** Absent: to run. */
  ownState?: OwnState
  /** Its deletion does not wait for what fails. */
  isForced?: boolean
}

const nudged = { nextAttemptAt: epoch, nudges: { $add: ['$nudges', 1] }, updatedAt: '$$NOW' }

/** The update that has the gateway's wish followed. */
export const followGateway = (state: State, gatewayFence: number, isForced: boolean): Document[] => [
  {
    $set: {
      ...nudged,
      state: state === 'active' ? { $ifNull: ['$ownState', 'active'] } : state,
      gatewayState: state,
      gatewayFence,
      ...(isForced ? { isForced } : {}),
    },
  },
]

/** The update that has a person's wish followed, as far as the gateway's goes. One that waits for its gateway goes on waiting. */
export const followPerson = (ownState: OwnState): Document[] => {
  const gatewayState = { $ifNull: ['$gatewayState', '$state'] }
  return [
    {
      $set: {
        ...nudged,
        nextAttemptAt: { $cond: [{ $eq: ['$phase', 'Creating'] }, '$nextAttemptAt', epoch] },
        ownState,
        gatewayState,
        state: { $cond: [{ $eq: [gatewayState, 'active'] }, ownState, '$state'] },
      },
    },
  ]
}

/** The update that lets a new one go on, whose gateway has made what it needs. */
export const beginning = (waitMs: number): Document[] => {
  const isToRun = { $eq: ['$state', 'active'] }
  return [
    {
      $set: {
        ...nudged,
        nextAttemptAt: { $cond: [isToRun, { $add: ['$$NOW', waitMs] }, epoch] },
        phase: { $cond: [isToRun, 'Starting', 'Created'] },
      },
    },
  ]
}
