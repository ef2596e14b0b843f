import {
  type ApplyFailure,
  type Deployment,
  type DeploymentSet,
  type ErrorCode,
  errorCodes,
  ImprunError,
  type InputFault,
  isImprunError,
} from '@imprun/contracts'
import { sourceFileOf } from '../publishing/build-faults.ts'
import type { Refusal } from './gates.ts'

type StoredError = NonNullable<Deployment['error']>

/** Told by the first refusal; all of them are in `facts.refusals`. */
export function refused(refusals: readonly [Refusal, ...Refusal[]]): ImprunError {
  const [first, ...others] = refusals
  const detail = others.length === 0 ? first.detail : `${first.detail} ${others.map((refusal) => refusal.detail).join(' ')}`
  const errors = refusals.flatMap((refusal) => refusal.errors ?? [])
  return new ImprunError(first.code, detail, {
    ...(errors.length > 0 ? { errors } : {}),
    facts: {
      ...Object.assign({}, ...refusals.map(({ facts }) => facts)),
      refusals: refusals.map(({ functionName, code, detail }) => ({ ...(functionName === undefined ? {} : { functionName }), code, detail })),
    },
    ...(first.code === 'ENVIRONMENT_NOT_STARTED' ? { retryAfterS: 1 } : {}),
  })
}

/** Nothing was written then. */
export const isRefusedByGates = (error: unknown): error is ImprunError => isImprunError(error) && error.facts?.refusals !== undefined

const isErrorCode = (code: string): code is ErrorCode => code in errorCodes

/** What a runtime said when it could not load the release. */
export function loadFailed(failures: readonly ApplyFailure[]): StoredError {
  const [first] = failures
  const errors = failures.map(({ name, message, file = sourceFileOf(name), line, column }): InputFault => {
    if (line === undefined) return { field: file, message, file }
    return { field: `${file}:${line}:${column ?? 1}`, message, file, line, column: column ?? 1 }
  })
  return {
    code: first && isErrorCode(first.code) ? first.code : 'DEPLOYMENT_FAILED',
    detail: first?.message ?? 'A runtime could not load the release.',
    errors,
  }
}

/** Of a set that another member of brought back. */
export const setTakenBack = (failures: readonly ApplyFailure[]): StoredError => {
  const names = [...new Set(failures.map(({ name }) => `"${name}"`))].join(', ')
  return { code: 'SET_TAKEN_BACK', detail: `${names} of the same set could not be loaded, so nothing of the set is served. Mend it, then promote again.` }
}

export const runtimesLate = (runtimeIds: readonly string[], deadlineMs: number): StoredError => ({
  code: 'RUNTIME_NOT_ACKNOWLEDGED',
  detail: `Not confirmed within ${deadlineMs / 1000} s by ${runtimeIds.join(', ')}. Look at the environment's state, then try again.`,
})

export const releaseNeverServed = (functionName: string, environment: string): ImprunError =>
  new ImprunError(
    'RELEASE_NEVER_SERVED',
    `${environment} has never served that release of "${functionName}", so it can not go back to it. The history lists those it has; to bring another, promote it.`,
  )

export const nothingToPromote = (from: string, to: string): ImprunError =>
  new ImprunError('NOTHING_TO_PROMOTE', `${to} serves everything that ${from} serves, in the same releases. Publish a change first.`)

export const nothingToRollBackTo = (functionName: string, environment: string): ImprunError =>
  new ImprunError('NOTHING_TO_ROLL_BACK_TO', `${environment} has served no release of "${functionName}" before the present one.`)

export const noRuntime = (environment: string): StoredError => ({
  code: 'RUNTIME_UNREACHABLE',
  detail: `No runtime of ${environment} is alive at the moment, so nothing could be served. It is started again by itself; try again in a few seconds.`,
})

/** The problem a caller is told when its set did not end with SUCCESS: what the first that was to blame says, and that nothing has changed. */
export function setEnded(set: DeploymentSet): ImprunError {
  const toBlame = set.deployments.find(({ error }) => error && error.code !== 'SET_TAKEN_BACK')
  const facts = { set }
  if (set.status === 'SUPERSEDED' || !toBlame?.error) {
    return new ImprunError('DEPLOYMENT_SUPERSEDED', `A newer deployment to ${set.environment} took the place of this set; nothing of it is served.`, { facts })
  }
  const { code, detail, errors } = toBlame.error
  const text = `"${toBlame.functionName}": ${detail} Nothing of the set is served; ${set.environment} serves what it served before.`
  return new ImprunError(isErrorCode(code) ? code : 'DEPLOYMENT_FAILED', text, { ...(errors ? { errors } : {}), facts })
}

/** The problem a caller is told when its deployment did not end with SUCCESS. */
export function deploymentEnded(deployment: Deployment): ImprunError {
  const facts = { deployment }
  if (deployment.status === 'SUPERSEDED') {
    return new ImprunError(
      'DEPLOYMENT_SUPERSEDED',
      `A newer deployment of "${deployment.functionName}" to ${deployment.environment} took the place of this one.`,
      { facts },
    )
  }
  const { code, detail, errors } = deployment.error ?? { code: 'DEPLOYMENT_FAILED', detail: 'The deployment failed.' }
  const after = deployment.status === 'ROLLED_BACK' ? ` ${deployment.environment} serves the release from before.` : ''
  return new ImprunError(isErrorCode(code) ? code : 'DEPLOYMENT_FAILED', `${detail}${after}`, { ...(errors ? { errors } : {}), facts })
}
