import { type CanaryCalls, type CanaryVerdict, type CanaryWindow, canaryCallsMin } from '@imprun/contracts'

export interface Figures {
  /** Of the step. */
  window: CanaryWindow
  /** Of its last seconds: what breaks late in a long step would else be lost among what went well before. */
  recent: CanaryWindow
  /** How the other release did before the step, for a step that leaves it too few requests to compare with. */
  earlier: CanaryCalls
  /** A fraction of all requests. */
  errorRateMax: number
}

/** In a few seconds, chance alone makes two failures in twenty now and then; a release that is broken makes more. */
const recentFailedMin = 5

/**
 * Compares the candidate with the release before, never with an absolute figure: where that one fails as well, a fix must not be held up by it.
 * Too few requests are no verdict.
 */
export function judge({ window, recent, earlier, errorRateMax }: Figures): CanaryVerdict {
  const allowed = rateOf(baselineOf(window.baseline, earlier)) + errorRateMax
  const isBroken = (candidate: CanaryCalls): boolean => candidate.calls >= canaryCallsMin && isAbove(rateOf(candidate), allowed)
  if (isBroken(window.candidate) || (recent.candidate.failed >= recentFailedMin && isBroken(recent.candidate))) return 'failing'
  return window.candidate.calls < canaryCallsMin ? 'insufficient' : 'healthy'
}

/** The share of failed calls in what the candidate is compared with. */
export const baselineRate = ({ window, earlier }: Pick<Figures, 'window' | 'earlier'>): number => rateOf(baselineOf(window.baseline, earlier))

const baselineOf = (inWindow: CanaryCalls, earlier: CanaryCalls): CanaryCalls => (inWindow.calls >= canaryCallsMin ? inWindow : add(inWindow, earlier))

export const rateOf = ({ calls, failed }: CanaryCalls): number => (calls === 0 ? 0 : failed / calls)

/** Fractions like 0.05 have no exact value; what is equal on paper must not count as more. */
const isAbove = (rate: number, allowed: number): boolean => rate - allowed > 1e-9

export const add = (one: CanaryCalls, other: CanaryCalls): CanaryCalls => ({ calls: one.calls + other.calls, failed: one.failed + other.failed })
/** What came between two readings. Where fewer failed, because some that were late have ended well, none came. */
export const between = (later: CanaryWindow, earlier: CanaryWindow): CanaryWindow => ({
  baseline: minus(later.baseline, earlier.baseline),
  candidate: minus(later.candidate, earlier.candidate),
})
const minus = (one: CanaryCalls, other: CanaryCalls): CanaryCalls => ({
  calls: Math.max(0, one.calls - other.calls),
  failed: Math.max(0, one.failed - other.failed),
})
