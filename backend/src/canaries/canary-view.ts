import { type Canary, canaryAgeMaxS } from '@imprun/contracts'
import type { StoredCanary } from './stored-canary.ts'

export const toCanaryView = ({ percent, step, steps, errorRateMax, window, verdict, isHealthCheck, isPromoting }: StoredCanary, dueSince: Date): Canary => ({
  percent,
  step: isPromoting ? steps.length + 1 : step,
  steps,
  errorRateMax,
  window,
  verdict,
  isHealthCheck,
  expiresAt: new Date(dueSince.getTime() + canaryAgeMaxS * 1_000).toISOString(),
})
