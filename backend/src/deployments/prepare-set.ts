import { type EnvironmentName, ImprunError, type PlannedFunction, type Protection, setFunctionsMax } from '@imprun/contracts'
import { functionNotFound } from '../functions/function-errors.ts'
import type { OwnedGateway } from '../functions/function-lookup.ts'
import type { FunctionStore, ListedFunction, StoredServed } from '../functions/function-store.ts'
import type { Caller } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import type { ReleaseStore } from '../releases/release-store.ts'
import type { VariableStore } from '../variables/variable-store.ts'
import type { SetItem, SetOrder } from './accept-set.ts'
import { nothingToPromote, refused } from './deployment-errors.ts'
import { evaluateGates, type Refusal } from './gates.ts'
import { findShortfall, type ReleaseNeeds } from './needs.ts'
import type { TargetEnvironment, TargetEnvironments } from './prepare.ts'

export interface SetDeps {
  environments: TargetEnvironments
  functions: Pick<FunctionStore, 'listServed'>
  releases: Pick<ReleaseStore, 'listByIds'>
  variables: Pick<VariableStore, 'get'>
  clock: Clock
}

export interface SetOf {
  gateway: OwnedGateway
  from: EnvironmentName
  to: EnvironmentName
  /** Only these. */
  functions?: readonly string[] | undefined
  includeRemovals: boolean
  by: Caller
}

export interface SetMember {
  stored: Pick<ListedFunction, '_id' | 'name' | 'served'>
  change: PlannedFunction['change']
  /** What the environment gets; of a removal what it loses. */
  releaseId: string
}

export interface SetPlan {
  /** Every function that either of the two serves, by name. */
  functions: PlannedFunction[]
  /** Those that would be deployed. */
  members: SetMember[]
  variablesMissing: string[]
  refusals: Refusal[]
  isHeld: boolean
  protection: Protection | undefined
}

/**
 * What a promotion of everything would do, with the refusals of all its functions at once. Compiles nothing and reads no code.
 * @throws INPUT_INVALID, FUNCTION_NOT_FOUND for a name that was asked for.
 */
export async function planSet(deps: SetDeps, wanted: SetOf): Promise<SetPlan> {
  const { gateway, from, to } = wanted
  if (from === to) throw refusedInput('from', `The releases are in ${to} already.`, 'Choose another environment than the target.')
  const [target, listed] = await Promise.all([deps.environments.get(gateway.gatewayId, to), deps.functions.listServed(gateway.gatewayId)])
  const compared = listed.sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((stored) => compare(stored, from, to) ?? [])
  const members = choose(wanted, compared, listed)
  if (members.length > setFunctionsMax) throw refusedInput('functions', `More than ${setFunctionsMax} functions differ.`, 'Name some of them.')
  const { refusals, variablesMissing } = await askGates(deps, wanted, members, target)
  return {
    functions: compared.map((each) => toPlanned(each, from, to)),
    members,
    refusals,
    variablesMissing,
    isHeld: target.held !== undefined,
    protection: target.protection,
  }
}

/**
 * @returns what to deploy, with the code that runtimes get.
 * @throws every gate's refusal at once, NOTHING_TO_PROMOTE, and what `planSet` throws.
 */
export async function prepareSet(
  deps: SetDeps & { functions: Pick<FunctionStore, 'listByIds'>; releases: Pick<ReleaseStore, 'findMany'> },
  wanted: SetOf,
): Promise<{ items: SetOrder['items']; isHeld: boolean; protection: Protection | undefined }> {
  const { members, refusals, isHeld, protection } = await planSet(deps, wanted)
  const [refusal, ...others] = refusals
  if (refusal) throw refused([refusal, ...others])
  const [functions, releases] = await Promise.all([
    deps.functions.listByIds(members.map(({ stored }) => stored._id)),
    deps.releases.findMany(members.map(({ releaseId }) => releaseId)),
  ])
  const [first, ...rest] = members.flatMap(({ stored: { _id }, change, releaseId }): SetItem[] => {
    const [stored, release] = [functions.find((each) => each._id === _id), releases.get(releaseId)]
    // One that was deleted a moment ago is no longer part of what is promoted.
    return stored && release ? [{ stored, release, isRemoval: change === 'removed' }] : []
  })
  if (!first) throw nothingToPromote(wanted.from, wanted.to)
  return { items: [first, ...rest], isHeld, protection }
}

const refusedInput = (field: string, detail: string, message: string) => new ImprunError('INPUT_INVALID', detail, { errors: [{ field, message }] })

function compare(stored: SetMember['stored'], from: EnvironmentName, to: EnvironmentName): SetMember | undefined {
  const [source, target] = [stored.served[from], stored.served[to]]
  if (source && !target) return { stored, change: 'added', releaseId: source.releaseId }
  if (source && target) return { stored, change: source.releaseId === target.releaseId ? 'same' : 'changed', releaseId: source.releaseId }
  return target && { stored, change: 'removed', releaseId: target.releaseId }
}

/** A name that is asked for and that the source does not serve is a member without a release: a gate says so. */
function choose({ functions, includeRemovals }: SetOf, compared: readonly SetMember[], listed: readonly SetMember['stored'][]): SetMember[] {
  const differing = compared.filter(({ change }) => change === 'added' || change === 'changed' || (change === 'removed' && includeRemovals))
  if (functions === undefined) return differing
  return [...new Set(functions)].sort().flatMap((name) => {
    const stored = listed.find((each) => each.name === name)
    if (!stored) throw functionNotFound(name)
    const member = compared.find((each) => each.stored._id === stored._id)
    if (member?.change === 'same') return []
    return differing.find((each) => each.stored._id === stored._id) ?? { stored, change: 'added', releaseId: '' }
  })
}

async function askGates(deps: SetDeps, { gateway, from, to, by }: SetOf, members: readonly SetMember[], target: TargetEnvironment) {
  const [releases, variables] = await Promise.all([
    deps.releases.listByIds(members.map(({ releaseId }) => releaseId)),
    deps.variables.get({ gatewayId: gateway.gatewayId, environment: to }),
  ])
  const missing = new Set<string>()
  const refusals: Refusal[] = []
  for (const { stored, change, releaseId } of members) {
    const release = releases.get(releaseId)
    const isRemoval = change === 'removed'
    const needs: ReleaseNeeds | undefined = isRemoval ? undefined : release
    const shortfall = needs && (await findShortfall({ get: async () => variables }, { gatewayId: gateway.gatewayId, environment: to }, target, needs))
    for (const name of shortfall?.variables ?? []) missing.add(name)
    const found = evaluateGates({
      functionName: stored.name,
      target: { environment: to, ...target },
      // What is taken out has been there, whatever way it came.
      pipeline: isRemoval ? 'off' : gateway.pipeline,
      at: deps.clock.now(),
      isAutomation: by.isAutomation === true,
      ...(isRemoval ? {} : { from }),
      ...(release ? { release: { version: release.version, releaseId } } : {}),
      ...(shortfall ? { shortfall } : {}),
      served: stored.served,
    })
    refusals.push(...found.map((refusal) => ({ ...refusal, functionName: stored.name })))
  }
  return { refusals: withoutRepetition(refusals), variablesMissing: [...missing].sort() }
}

/** What stands against every function alike is about the environment, and told once. */
function withoutRepetition(refusals: readonly Refusal[]): Refusal[] {
  const alike = Map.groupBy(refusals, ({ code, detail }) => `${code} ${detail}`)
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (!first) return []
    const { functionName: _, ...general } = first
    return [others.length === 0 ? first : general]
  })
}

const toPlanned = ({ stored, change }: SetMember, from: EnvironmentName, to: EnvironmentName): PlannedFunction => {
  const [source, target] = [stored.served[from], stored.served[to]]
  return { functionId: stored._id, name: stored.name, change, ...(source ? { from: toPlace(source) } : {}), ...(target ? { to: toPlace(target) } : {}) }
}

const toPlace = ({ releaseId, version, at, by }: StoredServed) => ({ releaseId, version, at: at.toISOString(), by })
