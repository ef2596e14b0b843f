import { type Canary, canaryAgeMaxS } from '@imprun/contracts'
import type { StoredCanary } from './stored-canary.ts'

export const toCanaryView = ({ percent, step, steps, errorRateMax, window, verdict, isHealthCheck, isPromoting }: StoredCanary, createdAt: Date): Canary => ({
  percent,
  step: isPromoting ? steps.length + 1 : step,
  steps,
  errorRateMax,
  window,
  verdict,
  isHealthCheck,
  expiresAt: new Date(createdAt.getTime() + canaryAgeMaxS * 1_000).toISOString(),
})
