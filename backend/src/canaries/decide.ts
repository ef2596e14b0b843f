import { type CanaryCalls, type CanaryVerdict, type CanaryWindow, canaryAgeMaxS, type Deployment } from '@imprun/contracts'
import { canaryAborted, canaryExpired, canaryFailed } from './canary-errors.ts'
import type { StoredCanary } from './stored-canary.ts'
import { add, between, judge } from './verdict.ts'

export interface Seen {
  canary: StoredCanary
  /** From when on the deployment could run. */
  dueSince: Date
  now: Date
  /** All that was counted since the candidate is there. */
  sums: CanaryWindow
  /** Of the last seconds. */
  recent: CanaryWindow
  /** A deployment of the same function to the same environment that was asked for later. */
  newer: string | undefined
}

export interface Observed {
  window: CanaryWindow
  verdict: CanaryVerdict
}
export type Decision =
  | { kind: 'stay' }
  | { kind: 'step'; step: number; percent: number }
  /** Put it in place for all. */
  | { kind: 'promote' }
  | { kind: 'back'; error: NonNullable<Deployment['error']>; supersededBy?: string }

export const observe = ({ canary, sums, recent }: Seen): Observed => {
  const window = between(sums, canary.since)
  return { window, verdict: judge({ window, recent, earlier: earlierOf(canary), errorRateMax: canary.errorRateMax }) }
}
export const earlierOf = ({ before, since }: StoredCanary): CanaryCalls => add(before, since.baseline)

/** What is to be done with a canary. Whoever asked for something later comes first, then a person's word, then what was counted. */
export function decide(seen: Seen, { window, verdict }: Observed): Decision {
  const { canary, newer, now, dueSince } = seen
  if (newer !== undefined) {
    const detail = 'A newer deployment of the same function took its place before the canary came to its end.'
    return { kind: 'back', error: { code: 'DEPLOYMENT_SUPERSEDED', detail }, supersededBy: newer }
  }
  if (canary.word?.action === 'abort') return { kind: 'back', error: canaryAborted(canary.word) }
  if (canary.word?.action === 'promote') return { kind: 'promote' }
  if (verdict === 'failing') return { kind: 'back', error: canaryFailed(canary, window) }
  if (now.getTime() - dueSince.getTime() >= canaryAgeMaxS * 1_000) return { kind: 'back', error: canaryExpired(canary, window) }
  return isOver(canary, now) && (verdict === 'healthy' || canary.isHealthCheck || canary.step === 0) ? next(canary) : { kind: 'stay' }
}

function isOver({ steps, step, stepAt }: StoredCanary, now: Date): boolean {
  const current = steps[step - 1]
  return current === undefined || stepAt === undefined || now.getTime() - stepAt.getTime() >= current.holdS * 1_000
}
function next({ steps, step }: StoredCanary): Decision {
  const following = steps[step]
  return following === undefined ? { kind: 'promote' } : { kind: 'step', step: step + 1, percent: following.percent }
}
