import { bundleSchema, type ErrorCode, errorCodes, ImprunError } from '@imprun/contracts'
import type { StoredEnvironment } from '../environments/environment-store.ts'
import type { StoredError } from '../phases/phase-document.ts'
import { localRegion } from '../regions/region-store.ts'
import type { InstanceFacts, InstanceStore, StoredInstance } from './instance-store.ts'
import type { RuntimeDirectory } from './runtime-directory.ts'
import type { ListedRuntime } from './runtime-store.ts'

/** Which runtime serves an environment: the one before for as long as it can, else the one of its region that has the fewest. */
export interface Placement {
  /**
   * Has an instance of the environment started. `runtimeId` absent: not yet, and the environment is nudged when there is news.
   * @throws REGION_UNREACHABLE when the region has no runtime, or what keeps the instance from starting.
   */
  ensureServed(environment: StoredEnvironment, confirm: () => Promise<unknown>): Promise<{ runtimeId?: string }>
  /** Puts instances of these down, which have none: the first half of `ensureServed` for several at once. @throws REGION_UNREACHABLE */
  placeNew(environments: readonly StoredEnvironment[]): Promise<void>
  /** Has every instance of the environment end. @returns whether none is left. */
  ensureUnserved(environment: Pick<StoredEnvironment, '_id'>): Promise<boolean>
}

/** How long counts of environments per runtime are used again; what is placed meanwhile is added to them. */
const countsForMs = 2_000

export function createPlacement(deps: { instances: InstanceStore; directory: RuntimeDirectory; monotonicMs(): number }): Placement {
  const { instances, directory, monotonicMs } = deps
  let counting = Promise.resolve(new Map<string, number>())
  let countedAtMs = Number.NEGATIVE_INFINITY
  /** Chosen and not written yet: a count of the database lacks these. */
  const underWay = new Map<string, number>()

  const fewest = async (candidates: readonly ListedRuntime[]): Promise<ListedRuntime | undefined> => {
    if (candidates.length < 2) return candidates[0]
    if (monotonicMs() - countedAtMs > countsForMs) {
      countedAtMs = monotonicMs()
      counting = instances.count().then((counts) => {
        for (const [runtimeId, count] of underWay) add(counts, runtimeId, count)
        return counts
      })
    }
    const counts = await counting
    const countOf = ({ runtimeId }: ListedRuntime) => counts.get(runtimeId) ?? 0
    const [chosen] = candidates.toSorted((a, b) => countOf(a) - countOf(b))
    if (chosen) add(counts, chosen.runtimeId, 1)
    return chosen
  }

  const runningIn = (regionId: string) => directory.listOf(regionId).filter(canServe)
  /** It stays where it is unless that runtime is lost and another one serves: a runtime that only restarts keeps what it has. */
  const hasToMove = ({ runtimeId }: StoredInstance, regionId: string) => !directory.find(runtimeId)?.isServing && runningIn(regionId).length > 0

  const choose = async (environment: StoredEnvironment): Promise<InstanceFacts> => {
    const { _id: environmentId, gatewayId, environment: name, database, bundle = bundleSchema.parse({}) } = environment
    const regionId = regionOf(environment)
    const running = runningIn(regionId)
    const chosen = await fewest(running.length > 0 ? running : directory.listOf(regionId).filter(({ isHeld }) => isHeld))
    if (!chosen) throw regionHasNoRuntime(regionId)
    return { environmentId, gatewayId, environment: name, database, bundle, runtimeId: chosen.runtimeId }
  }

  const place = async (environments: readonly StoredEnvironment[]) => {
    const those = await Promise.all(environments.map(choose))
    for (const { runtimeId } of those) add(underWay, runtimeId, 1)
    try {
      await instances.insertAll(those)
    } finally {
      for (const { runtimeId } of those) add(underWay, runtimeId, -1)
    }
  }

  return {
    async ensureServed(environment, confirm) {
      const wanted = (await instances.listOf(environment._id)).find(({ state }) => state === 'active')
      if (wanted && !hasToMove(wanted, regionOf(environment))) {
        if (wanted.phase === 'Started') return { runtimeId: wanted.runtimeId }
        if (wanted.lastError) throw toImprunError(wanted.lastError)
        return {}
      }
      if (wanted) await instances.unwant(environment._id, [wanted._id])
      await confirm()
      await place([environment])
      return {}
    },
    placeNew: place,
    async ensureUnserved({ _id }) {
      await instances.unwant(_id)
      return (await instances.listOf(_id)).length === 0
    },
  }
}

/** Environments that were made before there was a choice are where gateways go that name no region. */
export const regionOf = ({ regionId }: Pick<StoredEnvironment, 'regionId'>): string => regionId ?? localRegion._id

const add = (counts: Map<string, number>, runtimeId: string, more: number) => void counts.set(runtimeId, (counts.get(runtimeId) ?? 0) + more)

const canServe = ({ state, isServing }: ListedRuntime) => isServing && state === 'running'

const regionHasNoRuntime = (regionId: string) =>
  new ImprunError(
    'REGION_UNREACHABLE',
    `No runtime of region "${regionId}" lives. It is tried again by itself; see /readyz of the backends that serve the region.`,
  )

const toImprunError = ({ code, message }: StoredError) => new ImprunError(code in errorCodes ? (code as ErrorCode) : 'RUNTIME_UNREACHABLE', message)
