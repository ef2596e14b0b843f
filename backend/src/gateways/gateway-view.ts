import { type Deletion, type Gateway, retentionDefault } from '@imprun/contracts'
import type { EnvironmentStore, StoredEnvironment } from '../environments/environment-store.ts'
import { type Addresses, toEnvironmentView, toLifecycleView } from '../environments/environment-view.ts'
import type { Clock } from '../platform/clock.ts'
import { toDeletionView } from './gateway-deletion.ts'
import type { GatewayStore, StoredGateway } from './gateway-store.ts'

/** The gateway as the API shows it. */
export const toGatewayView = (gateway: StoredGateway, environments: readonly StoredEnvironment[], addresses: Addresses, at: Date): Gateway => ({
  ...toLifecycleView(gateway),
  ...withDeletion(toDeletionView(gateway, environments, at)),
  gatewayId: gateway.gatewayId,
  name: gateway.name,
  regionId: gateway.regionId,
  bundle: gateway.bundle,
  database: gateway.database,
  pipeline: gateway.pipeline,
  retention: { ...retentionDefault, ...gateway.retention },
  environments: environments.map((environment) => toEnvironmentView(environment, addresses, at)),
  createdAt: gateway.createdAt.toISOString(),
  updatedAt: gateway.updatedAt.toISOString(),
})

const withDeletion = (deletion: Deletion | undefined) => (deletion ? { deletion } : {})

export interface GatewayViews {
  of(gateway: StoredGateway): Promise<Gateway>
  ofMany(gateways: readonly StoredGateway[]): Promise<Gateway[]>
  /** For events: the view by gateway id, with its owner. @returns undefined when it is gone. */
  find(gatewayId: string): Promise<{ ownerId: string; gateway: Gateway } | undefined>
}

export function createGatewayViews({
  gateways,
  environments,
  addresses,
  clock,
}: {
  gateways: Pick<GatewayStore, 'find'>
  environments: Pick<EnvironmentStore, 'listOf' | 'listOfMany'>
  addresses: Addresses
  clock: Clock
}): GatewayViews {
  const of = async (gateway: StoredGateway) => toGatewayView(gateway, await environments.listOf(gateway.gatewayId), addresses, clock.now())
  return {
    of,
    async ofMany(found) {
      const theirs = await environments.listOfMany(found.map(({ gatewayId }) => gatewayId))
      return found.map((gateway) => toGatewayView(gateway, theirs.get(gateway.gatewayId) ?? [], addresses, clock.now()))
    },
    async find(gatewayId) {
      const gateway = await gateways.find(gatewayId)
      return gateway && { ownerId: gateway.ownerId, gateway: await of(gateway) }
    },
  }
}
