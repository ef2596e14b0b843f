import {
  type CanaryCalls,
  type CanaryWindow,
  type EnvironmentName,
  gatewayCollections,
  healthWindowMs,
  type StoredCanaryCounts,
  type StoredStats,
} from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import type { Clock } from '../platform/clock.ts'
import { noWindow, type StoredCanary } from './stored-canary.ts'

/** What runtimes counted of canaries, added up. */
export interface CanaryCounts {
  /** Since the candidate is there. */
  read(gatewayId: string, deploymentId: string): Promise<CanaryWindow>
  /** How one version did in the last minutes, or for as long as the health check that comes will take. */
  readBefore(place: Place, canary: Pick<StoredCanary, 'isHealthCheck' | 'steps'>): Promise<CanaryCalls>
}
interface Place {
  gatewayId: string
  environment: EnvironmentName
  functionName: string
  version: string
}

/** The runtimes' counts are by the minute, so that what is read is up to one more than what is meant. */
const minuteMs = 60_000

export function createCanaryCounts({ database, clock }: { database: Database; clock: Clock }): CanaryCounts {
  return {
    async read(gatewayId, deploymentId) {
      const [sum] = await database
        .gateway(gatewayId)
        .collection<StoredCanaryCounts>(gatewayCollections.canaryCounts)
        .aggregate<CanaryWindow>([
          { $match: { deploymentId } },
          {
            $group: {
              _id: null,
              baselineCalls: { $sum: '$baseline.calls' },
              baselineFailed: { $sum: '$baseline.failed' },
              candidateCalls: { $sum: '$candidate.calls' },
              candidateFailed: { $sum: '$candidate.failed' },
            },
          },
          {
            $project: {
              _id: 0,
              baseline: { calls: '$baselineCalls', failed: '$baselineFailed' },
              candidate: { calls: '$candidateCalls', failed: '$candidateFailed' },
            },
          },
        ])
        .toArray()
      return sum ?? noWindow
    },
    async readBefore({ gatewayId, environment, functionName, version }, { isHealthCheck, steps }) {
      const lengthMs = isHealthCheck ? (steps[0]?.holdS ?? 0) * 1_000 : healthWindowMs
      const [sum] = await database
        .gateway(gatewayId)
        .collection<StoredStats>(gatewayCollections.stats)
        .aggregate<CanaryCalls>([
          { $match: { minute: { $gt: new Date(clock.now().getTime() - lengthMs - minuteMs) }, environment, functionName, version } },
          { $group: { _id: null, calls: { $sum: '$calls' }, failed: { $sum: '$failed' } } },
          { $project: { _id: 0 } },
        ])
        .toArray()
      return sum ?? noWindow.baseline
    },
  }
}
