import { type EnvironmentName, type FunctionHealth, gatewayCollections, healthWindowMs, type StoredStats } from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import type { Clock } from '../platform/clock.ts'

/** `<environment>/<function name>` */
export const healthKey = (environment: EnvironmentName, functionName: string): string => `${environment}/${functionName}`

/** How functions did in the last minutes, added up from what the runtimes counted. */
export interface HealthStore {
  /** By `healthKey`; functions that were not called are not in it. */
  read(gatewayId: string): Promise<ReadonlyMap<string, FunctionHealth>>
}

interface Sum {
  _id: { environment: EnvironmentName; functionName: string }
  calls: number
  failed: number
}

export function createHealthStore({ database, clock }: { database: Database; clock: Clock }): HealthStore {
  return {
    async read(gatewayId) {
      const since = new Date(clock.now().getTime() - healthWindowMs)
      const sums = await database
        .gateway(gatewayId)
        .collection<StoredStats>(gatewayCollections.stats)
        .aggregate<Sum>([
          { $match: { minute: { $gt: since } } },
          { $group: { _id: { environment: '$environment', functionName: '$functionName' }, calls: { $sum: '$calls' }, failed: { $sum: '$failed' } } },
        ])
        .toArray()
      return new Map(sums.map(({ _id, calls, failed }) => [healthKey(_id.environment, _id.functionName), { calls, failed }]))
    },
  }
}
