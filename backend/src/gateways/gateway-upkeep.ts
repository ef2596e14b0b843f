import type { GatewayDatabases } from '../database/gateway-databases.ts'
import type { Log } from '../platform/log.ts'
import type { GatewayStore } from './gateway-store.ts'

/** Gives gateways that an earlier version of imprun has made the collections and indexes that they lack. */
export interface GatewayUpkeep {
  start(): void
  /** Waits for what is being made. */
  stop(): Promise<void>
}

/** In the background, one gateway after the other: a lacking index makes things slow, not wrong. */
export function createGatewayUpkeep(deps: {
  gateways: Pick<GatewayStore, 'find' | 'listSettled'>
  databases: Pick<GatewayDatabases, 'keepUp'>
  log: Log
}): GatewayUpkeep {
  const { gateways, databases, log } = deps
  let isStopping = false
  let working: Promise<void> | undefined

  const work = async () => {
    for (const gatewayId of await gateways.listSettled()) {
      // Asked again, because to make a collection in a database that is being dropped would bring it back.
      if (isStopping || (await gateways.find(gatewayId))?.state === 'deleted') continue
      await databases.keepUp(gatewayId)
    }
  }
  return {
    start() {
      working ??= work().catch((error: unknown) =>
        log.warn({ error }, 'The databases of gateways could not all be brought up to date; the next start tries again'),
      )
    },
    async stop() {
      isStopping = true
      await working
    },
  }
}
