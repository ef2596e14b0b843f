import { type EnvironmentName, environmentDatabaseName, gatewayDatabaseName } from '@imprun/contracts'
import type { Database } from './database.ts'
import { ensureGatewayLayout, hasOldLayout } from './gateway-revision.ts'
import { sentWithin } from './sent-within.ts'

/** Where an environment's data lives: in a database of its own, or together in the gateway's. */
export type DatabaseLayout = 'separate' | 'shared'

/** The MongoDB databases of gateways. Every call is safe to repeat; what is dropped is dropped within `withinMs` or not at all. */
export interface GatewayDatabases {
  /** All collections and indexes of the gateway's own database; `__environments` alone is made earlier than the first thing that needs the others. */
  ensure(gatewayId: string): Promise<void>
  /** The same for one that an earlier version has made and filled. */
  keepUp(gatewayId: string): Promise<void>
  /** Drops the gateway's own database; with the `shared` layout the data of its functions is in it. */
  drop(gatewayId: string, withinMs?: number): Promise<void>
  /** Drops one environment's data. Nothing to do with the `shared` layout. */
  dropData(gatewayId: string, environment: EnvironmentName, layout: DatabaseLayout, withinMs?: number): Promise<void>
}

export const createGatewayDatabases = (database: Database): GatewayDatabases => ({
  ensure: (gatewayId) => ensureGatewayLayout(database, gatewayId),
  async keepUp(gatewayId) {
    if (await hasOldLayout(database, gatewayId)) await ensureGatewayLayout(database, gatewayId)
  },
  async drop(gatewayId, withinMs) {
    await database.named(gatewayDatabaseName(gatewayId)).dropDatabase(sentWithin(withinMs))
  },
  async dropData(gatewayId, environment, layout, withinMs) {
    if (layout === 'separate') await database.named(environmentDatabaseName(gatewayId, environment, layout)).dropDatabase(sentWithin(withinMs))
  },
})
