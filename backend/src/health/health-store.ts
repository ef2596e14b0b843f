import {
  type EnvironmentName,
  type FunctionHealth,
  gatewayCollections,
  healthWindowMs,
  type LiveRuntime,
  type PublishedFunction,
  type StoredStats,
} from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import type { Clock } from '../platform/clock.ts'

/** `<environment>/<function name>` */
export const healthKey = (environment: EnvironmentName, functionName: string): string => `${environment}/${functionName}`

/** How the versions that are served did in the last minutes, added up from what the runtimes counted. */
export interface HealthStore {
  /** By `healthKey`; functions that were not called are not in it. */
  read(gatewayId: string): Promise<ReadonlyMap<string, FunctionHealth>>
}

interface Sum {
  _id: { environment: EnvironmentName; functionName: string; version: string }
  calls: number
  failed: number
}

export function createHealthStore({ database, clock }: { database: Database; clock: Clock }): HealthStore {
  const readSums = (gatewayId: string) =>
    database
      .gateway(gatewayId)
      .collection<StoredStats>(gatewayCollections.stats)
      .aggregate<Sum>([
        { $match: { minute: { $gt: new Date(clock.now().getTime() - healthWindowMs) } } },
        {
          $group: {
            _id: { environment: '$environment', functionName: '$functionName', version: '$version' },
            calls: { $sum: '$calls' },
            failed: { $sum: '$failed' },
          },
        },
      ])
      .toArray()
  const readServed = (gatewayId: string) =>
    database
      .gateway(gatewayId)
      .collection<PublishedFunction>(gatewayCollections.publishedFunctions)
      .find({ isRemoved: false }, { projection: { environment: 1, name: 1, version: 1 } })
      .toArray()
  const readApart = (gatewayId: string) =>
    database
      .gateway(gatewayId)
      .collection<LiveRuntime>(gatewayCollections.runtimes)
      .find({ 'quarantined.0': { $exists: true } }, { projection: { environment: 1, quarantined: 1 } })
      .toArray()

  return {
    async read(gatewayId) {
      const [sums, served, runtimes] = await Promise.all([readSums(gatewayId), readServed(gatewayId), readApart(gatewayId)])
      // A failure of the version before is mended by the one that took its place.
      const versions = new Map(served.map(({ environment, name, version }) => [healthKey(environment, name), version]))
      const health = new Map<string, FunctionHealth>()
      for (const { _id, calls, failed } of sums) {
        const key = healthKey(_id.environment, _id.functionName)
        if (versions.get(key) === _id.version) health.set(key, { calls, failed })
      }
      for (const { environment, quarantined = [] } of runtimes)
        for (const { name, version, reason, at } of quarantined) {
          const key = healthKey(environment, name)
          health.set(key, { calls: 0, failed: 0, ...health.get(key), quarantine: { version, reason, at: at.toISOString() } })
        }
      return health
    },
  }
}
