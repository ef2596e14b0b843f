import {
  type CanaryCalls,
  type CanaryStep,
  type CanaryVerdict,
  type CanaryWindow,
  type CanaryWish,
  canaryErrorRateMaxDefault,
  type HealthCheckWish,
} from '@imprun/contracts'

/** What a person wants to become of a canary; whoever holds the deployment does it. */
export interface PersonsWord {
  action: 'promote' | 'abort'
  by: string
  at: Date
  /** Of an abort. */
  reason?: string
}

/** How a deployment reaches all callers by and by; a part of its document, so that any backend can go on from there. */
export interface StoredCanary {
  steps: CanaryStep[]
  /** A fraction of all requests. */
  errorRateMax: number
  /** Everything at once, and too few requests are no reason to wait. */
  isHealthCheck: boolean
  /** Counted from 1; 0 while the runtimes load the candidate. */
  step: number
  percent: number
  /** When the step began, by the clock; absent before the first. */
  stepAt?: Date
  /** What had been counted when the step began. */
  since: CanaryWindow
  /** What was counted in the step, as it was looked at last. */
  window: CanaryWindow
  verdict: CanaryVerdict
  /** How the release that is served did before all this. */
  before: CanaryCalls
  word?: PersonsWord
  /** The candidate is being put in place for all: what is left is the way of every deployment. */
  isPromoting?: true
}

export interface GradualWish {
  canary?: CanaryWish | undefined
  healthCheck?: HealthCheckWish | undefined
}

/** Whether its candidate stands beside what is served, and not in its place. */
export const isBesideServed = (canary: StoredCanary | undefined): canary is StoredCanary => canary !== undefined && canary.isPromoting !== true

const noCalls: CanaryCalls = { calls: 0, failed: 0 }
export const noWindow: CanaryWindow = { baseline: noCalls, candidate: noCalls }

/** @returns undefined for a deployment that is to be served to all at once, and then left alone */
export function toStoredCanary({ canary, healthCheck }: GradualWish): StoredCanary | undefined {
  const steps = canary?.steps ?? (healthCheck && [{ percent: 100, holdS: healthCheck.seconds }])
  if (!steps) return undefined
  return {
    steps,
    errorRateMax: canary?.errorRateMax ?? canaryErrorRateMaxDefault,
    isHealthCheck: healthCheck !== undefined,
    step: 0,
    percent: 0,
    since: noWindow,
    window: noWindow,
    verdict: 'insufficient',
    before: noCalls,
  }
}
