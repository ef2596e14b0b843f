import {
  type EnvironmentName,
  type ErrorCode,
  environmentBefore,
  type InputFault,
  kindOfName,
  type Phase,
  type Protection,
  type State,
} from '@imprun/contracts'
import { freezeAt } from '../freezes/freeze-at.ts'
import { limitsRefusal, type Shortfall, variablesRefusal } from './needs.ts'

/** Why something may not be deployed. All gates are asked, so that everything can be put right at once. */
export interface Refusal {
  /** Of several functions, the one that it is about. */
  functionName?: string
  code: ErrorCode
  detail: string
  errors?: readonly InputFault[] | undefined
  /** For programs. */
  facts?: Readonly<Record<string, unknown>>
}

export type Warning = Pick<Refusal, 'code' | 'detail'>

export interface GateFacts {
  functionName: string
  target: {
    environment: EnvironmentName
    state: State
    phase: Phase
    /** Set while a rollback holds the environment. */
    held?: { reason: string } | undefined
    protection?: Protection | undefined
    /** Why nothing can be served in its region. */
    regionFault?: Refusal | undefined
  }
  /** When it would be deployed. Absent for a rollback, which no freeze stops. */
  at?: Date | undefined
  pipeline: 'on' | 'off'
  /** A token that no person stands behind; only these are stopped by a hold. */
  isAutomation: boolean
  /** Only for a promotion. */
  from?: EnvironmentName | undefined
  /** Absent when there is none: nothing compiled, or nothing in the environment to promote from. */
  release?: { version: string; releaseId?: string | undefined } | undefined
  /** What the environments serve of this function. */
  served: Partial<Record<EnvironmentName, { releaseId: string }>>
  /** What the compiler refused. */
  codeRefusal?: Refusal | undefined
  /** Where the environment has less than the release asks for; absent when there is no release. */
  shortfall?: Shortfall | undefined
}

type Gate = (facts: GateFacts) => Refusal | undefined

const environmentIsStarted: Gate = ({ target }) => {
  if (target.phase === 'Started' && target.state === 'active') return undefined
  const remedy = target.state === 'active' ? 'Wait until it is Started' : 'Start it'
  return { code: 'ENVIRONMENT_NOT_STARTED', detail: `Environment ${target.environment} is ${target.phase}. ${remedy}, then try again.` }
}

const regionServes: Gate = ({ target }) => target.regionFault

const environmentIsNotHeld: Gate = ({ target, isAutomation }) =>
  target.held && isAutomation
    ? {
        code: 'ENVIRONMENT_HELD',
        detail: `Environment ${target.environment} is held after a rollback (${target.held.reason}). A person has to deploy, or lift the hold.`,
      }
    : undefined

const environmentIsNotFrozen: Gate = ({ target, at }) => {
  const frozen = at && target.protection && freezeAt(target.protection.freezes, at)
  if (!frozen) return undefined
  const reopensAt = frozen.reopensAt?.toISOString()
  const remedy = reopensAt ? `Deploy after ${reopensAt}` : 'Ask its admins to end the freeze'
  return {
    code: 'ENVIRONMENT_FROZEN',
    detail: `Environment ${target.environment} is frozen (${frozen.name}). ${remedy}, or roll back, which no freeze stops.`,
    facts: { freeze: frozen.name, ...(reopensAt ? { reopensAt } : {}) },
  }
}

const sourceHasRelease: Gate = ({ from, release, functionName }) =>
  from && !release
    ? { code: 'NO_RELEASE_IN_ENVIRONMENT', detail: `Nothing of "${functionName}" is in ${from} yet. ${from === 'dev' ? 'Publish' : 'Promote'} it there first.` }
    : undefined

const stagesAreInOrder: Gate = ({ pipeline, target, from, release, served, functionName }) => {
  if (pipeline === 'off') return undefined
  const before = environmentBefore(target.environment)
  if (!before) {
    if (!from) return undefined
    return {
      code: 'STAGE_ORDER_VIOLATED',
      detail: `Releases move from dev to staging to prod; nothing is promoted into ${target.environment}. Publish there instead.`,
    }
  }
  const isThere = release?.releaseId !== undefined && served[before]?.releaseId === release.releaseId
  if (isThere || from === before) return undefined
  const what = release ? `Release ${release.version}` : `"${functionName}"`
  const verb = before === 'dev' ? 'Publish' : 'Promote'
  return { code: 'STAGE_ORDER_VIOLATED', detail: `${what} is not in ${before} yet. ${verb} it there before ${target.environment}.` }
}

const isNoModule: Gate = ({ functionName }) =>
  kindOfName(functionName) === 'module'
    ? {
        code: 'MODULE_NOT_PUBLISHABLE',
        detail: `"${functionName}" is a module: it is served inside the functions that import it. Publish those, or save it with publish=dev, which publishes them.`,
      }
    : undefined

const limitsAreAllowed: Gate = ({ shortfall, target }) => shortfall && limitsRefusal(shortfall, target.environment)

/** In dev a function is still being made: there it is only warned of. */
const variablesArePresent: Gate = ({ shortfall, target }) =>
  shortfall && target.environment !== 'dev' ? variablesRefusal(shortfall, target.environment) : undefined

const codeCompiles: Gate = ({ codeRefusal }) => codeRefusal

const gates: readonly Gate[] = [
  isNoModule,
  codeCompiles,
  sourceHasRelease,
  stagesAreInOrder,
  environmentIsStarted,
  regionServes,
  environmentIsNotHeld,
  environmentIsNotFrozen,
  limitsAreAllowed,
  variablesArePresent,
]

/** What is let through and may surprise all the same. */
export function warningsOf({ shortfall, target }: GateFacts): Warning[] {
  const missing = shortfall && target.environment === 'dev' ? variablesRefusal(shortfall, target.environment) : undefined
  return missing ? [{ code: missing.code, detail: missing.detail }] : []
}

export const evaluateGates = (facts: GateFacts): Refusal[] => gates.flatMap((gate) => gate(facts) ?? [])
