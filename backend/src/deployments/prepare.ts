import { type EnvironmentLimits, type EnvironmentName, ImprunError, isImprunError, type Phase, type Protection, type State } from '@imprun/contracts'
import type { OwnedGateway } from '../functions/function-lookup.ts'
import type { StoredFunction } from '../functions/function-store.ts'
import type { Caller } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import type { Compiled, Compiler } from '../publishing/compile.ts'
import type { ReleaseInputs } from '../publishing/release-inputs.ts'
import { nextVersion, type ReleaseMaterial, type ReleaseWish } from '../releases/release-rules.ts'
import type { ListedRelease, ReleaseStore, StoredRelease } from '../releases/release-store.ts'
import { readScheduleRule } from '../schedules/schedule-rule.ts'
import { readRequiredVariables } from '../variables/required-variables.ts'
import type { VariableStore } from '../variables/variable-store.ts'
import { evaluateGates, type GateFacts, type Refusal, type Warning, warningsOf } from './gates.ts'
import { findShortfall } from './needs.ts'
import type { StoredDeployment } from './stored-deployment.ts'

/** What the gates want to know of an environment. */
export interface TargetEnvironment {
  state: State
  phase: Phase
  held?: { reason: string } | undefined
  /** Absent while it never had any. */
  protection?: Protection | undefined
  /** Absent while nobody has set any. */
  limits?: EnvironmentLimits | undefined
  /** Why nothing can be served in its region. */
  regionFault?: Refusal | undefined
}
export interface TargetEnvironments {
  /** @throws ENVIRONMENT_NOT_FOUND */
  get(gatewayId: string, environment: EnvironmentName): Promise<TargetEnvironment>
}

/** A release to deploy: one that exists, or what a new one is made of. */
export type Candidate = { release: StoredRelease } | ReleaseMaterial

export interface Prepared {
  refusals: Refusal[]
  /** The environment is held by a rollback. */
  isHeld: boolean
  /** Absent only when there are refusals. */
  candidate?: Candidate
  warnings?: Warning[]
  /** Has, or had, protection: what waits there for approval gives way to what is newer. */
  protection?: Protection | undefined
}

export interface PrepareDeps {
  environments: TargetEnvironments
  releases: ReleaseStore
  compiler: Compiler
  variables: Pick<VariableStore, 'get'>
  inputs: ReleaseInputs
  clock: Clock
}

export interface PublishOf {
  gateway: OwnedGateway
  stored: StoredFunction
  environment: EnvironmentName
  wish?: ReleaseWish | undefined
  /** Begun by the caller while it still saved. */
  compiling?: Promise<Compiled>
  by: Caller
}

/** Source and settings that a release was made of already are not compiled again: publishing them is putting that release there once more. */
export async function preparePublish(deps: PrepareDeps, { gateway, stored, environment, wish, compiling, by }: PublishOf): Promise<Prepared> {
  const [target, latest] = await Promise.all([deps.environments.get(gateway.gatewayId, environment), deps.releases.findLatest(stored._id)])
  // A release that exists keeps its version and its notes for ever.
  const existing = wish?.bump === undefined && wish?.notes === undefined ? await findSameRelease(deps, stored, latest) : undefined
  const made: Candidate | Refusal = existing
    ? { release: existing }
    : await compileOrRefuse(
        stored,
        { latest, ...wish },
        compiling ?? deps.compiler.compile({ gatewayId: stored.gatewayId, name: stored.name, code: stored.code }),
      )
  const isRefused = 'detail' in made
  const needs = isRefused ? undefined : 'release' in made ? made.release : { ...made.source, variables: made.variables }
  const facts: GateFacts = {
    functionName: stored.name,
    target: { environment, ...target },
    pipeline: gateway.pipeline,
    at: deps.clock.now(),
    isAutomation: by.isAutomation === true,
    release: existing ? { version: existing.version, releaseId: existing._id } : { version: nextVersion(latest, wish?.bump) },
    served: stored.served,
    ...(isRefused ? { codeRefusal: made } : {}),
    ...(needs ? { shortfall: await findShortfall(deps.variables, { gatewayId: gateway.gatewayId, environment }, target, needs) } : {}),
  }
  return {
    refusals: evaluateGates(facts),
    warnings: warningsOf(facts),
    isHeld: target.held !== undefined,
    protection: target.protection,
    ...(isRefused ? {} : { candidate: made }),
  }
}

export interface PromotionOf {
  gateway: OwnedGateway
  stored: StoredFunction
  from: EnvironmentName
  to: EnvironmentName
  by: Caller
}

/** Compiles nothing: what `from` serves is what `to` gets. */
export async function preparePromotion(deps: PrepareDeps, { gateway, stored, from, to, by }: PromotionOf): Promise<Prepared> {
  if (from === to) {
    throw new ImprunError('INPUT_INVALID', `The release is in ${from} already.`, {
      errors: [{ field: 'to', message: 'Choose another environment than from.' }],
    })
  }
  const served = stored.served[from]
  const [target, release] = await Promise.all([deps.environments.get(gateway.gatewayId, to), served ? deps.releases.find(served.releaseId) : undefined])
  const facts: GateFacts = {
    functionName: stored.name,
    target: { environment: to, ...target },
    pipeline: gateway.pipeline,
    at: deps.clock.now(),
    isAutomation: by.isAutomation === true,
    from,
    ...(release ? { release: { version: release.version, releaseId: release._id } } : {}),
    ...(release ? { shortfall: await findShortfall(deps.variables, { gatewayId: gateway.gatewayId, environment: to }, target, release) } : {}),
    served: stored.served,
  }
  return { refusals: evaluateGates(facts), isHeld: target.held !== undefined, protection: target.protection, ...(release ? { candidate: { release } } : {}) }
}

/** What the order of stages is judged by. */
export type Order = Pick<GateFacts, 'pipeline' | 'served' | 'from'>
/** A deployment that waited for its turn: its place in the order of stages was right when it was accepted. */
const inOrder: Order = { pipeline: 'off', served: {} }

/** The same gates once more, for a deployment that had to wait. Its release is fixed. */
export async function gatesAtDispatch(
  { environments, releases, variables, clock }: Pick<PrepareDeps, 'environments' | 'releases' | 'variables' | 'clock'>,
  deployment: StoredDeployment,
  order: Order = inOrder,
): Promise<Refusal[]> {
  const { kind, gatewayId, functionName, environment, releaseId, version, by } = deployment
  const [target, release] = await Promise.all([environments.get(gatewayId, environment), releases.find(releaseId)])
  const isRollback = kind === 'rollback'
  // What has been served there once goes back as it was, and what is taken out needs nothing.
  const isChecked = release && !isRollback && kind !== 'removal'
  return evaluateGates({
    functionName,
    target: { environment, ...target },
    at: isRollback ? undefined : clock.now(),
    isAutomation: by.isAutomation === true,
    release: { version, releaseId },
    ...order,
    ...(isChecked ? { shortfall: await findShortfall(variables, { gatewayId, environment }, target, release) } : {}),
  })
}

async function findSameRelease(
  { releases, inputs }: PrepareDeps,
  stored: StoredFunction,
  latest: ListedRelease | undefined,
): Promise<StoredRelease | undefined> {
  const { dev } = stored.served
  const wanted = dev?.sourceHash === stored.sourceHash ? dev.releaseId : latest?.sourceHash === stored.sourceHash ? latest._id : undefined
  const release = wanted === undefined ? undefined : await releases.find(wanted)
  return release && (await inputs.areCurrent(release.gatewayId, release)) ? release : undefined
}

async function compileOrRefuse(
  { name, code, methods, limits }: StoredFunction,
  after: Pick<ReleaseMaterial, 'latest' | keyof ReleaseWish>,
  compiling: Promise<Compiled>,
): Promise<Candidate | Refusal> {
  try {
    const compiled = await compiling
    readScheduleRule(name, compiled.exportedLiterals)
    const variables = await readRequiredVariables([code, ...compiled.imports.map(({ source }) => source)])
    return { source: { code, methods, limits }, compiled, variables, ...after }
  } catch (error) {
    if (!isImprunError(error)) throw error
    return { code: error.code, detail: error.message, errors: error.errors }
  }
}
