import { environmentNames, type FunctionHealth, type ImprunFunction, kindOfName, type Served } from '@imprun/contracts'
import { type HealthStore, healthKey } from '../health/health-store.ts'
import { type ScheduleReader, withSchedules } from '../schedules/schedule-reader.ts'
import type { FunctionStore, ListedFunction, StoredFunction, StoredServed } from './function-store.ts'
import type { StaleInDev } from './stale-in-dev.ts'

const toServedView = (environment: Served['environment'], served: StoredServed): Served => ({
  environment,
  releaseId: served.releaseId,
  version: served.version,
  revision: served.revision,
  deploymentId: served.deploymentId,
  ...(served.liveMs === undefined ? {} : { liveMs: served.liveMs }),
  at: served.at.toISOString(),
  by: served.by,
})

/** The function as the API shows it; with code when the document has it. */
export function toFunctionView(stored: ListedFunction | StoredFunction): ImprunFunction {
  const kind = kindOfName(stored.name)
  return {
    functionId: stored._id,
    gatewayId: stored.gatewayId,
    name: stored.name,
    kind,
    revision: stored.revision,
    ...('code' in stored ? { code: stored.code } : {}),
    ...(stored.methods ? { methods: stored.methods } : {}),
    limits: stored.limits,
    served: environmentNames.flatMap((environment) => {
      const served = stored.served[environment]
      return served ? [toServedView(environment, served)] : []
    }),
    isLiveInDev: kind === 'module' || stored.served.dev?.sourceHash === stored.sourceHash,
    updatedAt: stored.updatedAt.toISOString(),
    updatedBy: stored.updatedBy.name,
  }
}

/** With how it did in the last minutes, where it is served. */
export const withHealth = (view: ImprunFunction, health: ReadonlyMap<string, FunctionHealth>): ImprunFunction => ({
  ...view,
  served: view.served.map((served) => {
    const found = health.get(healthKey(served.environment, view.name))
    return found ? { ...served, health: found } : served
  }),
})

/** A module is served inside others: what they were bundled with may be older than what is saved. */
export const withStaleness = (view: ImprunFunction, stale: ReadonlySet<string>): ImprunFunction =>
  view.isLiveInDev && stale.has(view.name) ? { ...view, isLiveInDev: false } : view

/** What a function's view is completed with, of the whole gateway at once. */
export interface FunctionFacts {
  health: HealthStore
  schedules: ScheduleReader
  staleInDev: StaleInDev
}

export async function readFunctionFacts(
  { health, schedules, staleInDev }: FunctionFacts,
  gatewayId: string,
): Promise<(view: ImprunFunction) => ImprunFunction> {
  const [healthNow, schedulesNow, stale] = await Promise.all([health.read(gatewayId), schedules.read(gatewayId), staleInDev.read(gatewayId)])
  return (view) => withStaleness(withSchedules(withHealth(view, healthNow), schedulesNow), stale)
}

/** For events: the function as a list shows it, and who may see it. */
export async function findFunctionView(
  functions: FunctionStore,
  facts: FunctionFacts,
  functionId: string,
): Promise<{ ownerId: string; function: ImprunFunction } | undefined> {
  const stored = await functions.findListed(functionId)
  if (!stored) return undefined
  const complete = await readFunctionFacts(facts, stored.gatewayId)
  return { ownerId: stored.ownerId, function: complete(toFunctionView(stored)) }
}
