import { type CanaryCalls, type CanaryWindow, canaryAgeMaxS, type Deployment, ImprunError } from '@imprun/contracts'
import type { PersonsWord, StoredCanary } from './stored-canary.ts'
import { add, baselineRate, rateOf } from './verdict.ts'

type StoredError = NonNullable<Deployment['error']>

const inPercent = (rate: number): string => `${Math.round(rate * 1_000) / 10} %`
const describe = ({ calls, failed }: CanaryCalls): string => `${failed} of ${calls} requests failed (${inPercent(rateOf({ calls, failed }))})`
const where = ({ step, steps, percent, isHealthCheck }: StoredCanary): string =>
  isHealthCheck ? 'After it was served to all' : `In step ${step} of ${steps.length}, at ${percent} %`

export function canaryFailed(canary: StoredCanary, window: CanaryWindow): StoredError {
  const baseline = inPercent(baselineRate({ window, earlier: add(canary.before, canary.since.baseline) }))
  const allowed = `${inPercent(canary.errorRateMax)} more than the ${baseline} of the release before are allowed`
  return { code: 'CANARY_FAILED', detail: `${where(canary)}, ${describe(window.candidate)}; ${allowed}.` }
}

export const canaryAborted = ({ by, reason }: PersonsWord): StoredError => ({
  code: 'CANARY_ABORTED',
  detail: `Aborted by ${by}${reason ? `: ${reason}` : '.'}`,
})

export const canaryExpired = (canary: StoredCanary, { candidate }: CanaryWindow): StoredError => ({
  code: 'CANARY_EXPIRED',
  detail: `${where(canary)}, it had ${candidate.calls} requests. ${canaryAgeMaxS / 3600} hours after it began it went back. Deploy again, or promote by hand in time.`,
})

export const canaryNotRunning = (): ImprunError =>
  new ImprunError('CANARY_NOT_RUNNING', 'This deployment has no canary that runs, or a decision about it has been made already. Look at its status.')
