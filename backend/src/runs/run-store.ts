import { gatewayCollections, type StoredRun } from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import { ensureGatewayContent } from '../database/gateway-revision.ts'

/** Code on its way to the one runtime that runs it once. */
export interface RunStore {
  insert(gatewayId: string, runId: string, run: StoredRun): Promise<void>
  /** Nothing when a runtime has taken it. */
  remove(gatewayId: string, runId: string): Promise<void>
}

export function createRunStore(database: Database): RunStore {
  const runs = (gatewayId: string) => database.gateway(gatewayId).collection<StoredRun & { _id: string }>(gatewayCollections.runs)
  return {
    async insert(gatewayId, runId, run) {
      // Nothing may have been published yet, and what no runtime takes has to go by its index.
      await ensureGatewayContent(database, gatewayId)
      await runs(gatewayId).insertOne({ _id: runId, ...run })
    },
    async remove(gatewayId, runId) {
      await runs(gatewayId).deleteOne({ _id: runId })
    },
  }
}
