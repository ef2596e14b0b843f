import type { PublishedCandidate } from '@imprun/contracts'
import type { FunctionEntry } from '../environment.ts'
import type { OpenCall } from './late-calls.ts'

/** How the calls of one side went. Counted at the end of each call while a canary runs, so it only adds up. */
export interface Tally {
  calls: number
  failed: number
  /** Those that have come and not ended. */
  readonly open: Set<OpenCall>
}

/** A second version of a function, for a part of its callers. */
export interface Canary {
  readonly deploymentId: string
  readonly entry: FunctionEntry
  /** Of the callers; 0: it is only loaded. */
  percent: number
}

/** What makes a version of its own: the percentage may change without anything being loaded. */
export const isSameCandidate = (one: PublishedCandidate | undefined, other: PublishedCandidate): boolean => one?.revision === other.revision
