import { bundleSchema, type CreateGateway } from '@imprun/contracts'
import { encodeCursor, nameCursorKey } from '../database/paging.ts'
import { type EnvironmentStore, newEnvironments } from '../environments/environment-store.ts'
import type { Caller, Handlers } from '../http/handlers.ts'
import { newPhaseDocument } from '../phases/phase-document.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Quotas } from '../quotas/quotas.ts'
import { localRegion, type RegionStore } from '../regions/region-store.ts'
import { regionUnknown } from './gateway-errors.ts'
import { gatewayIdFromName } from './gateway-rules.ts'
import type { GatewayStore, StoredGateway } from './gateway-store.ts'
import type { GatewayViews } from './gateway-view.ts'

type GatewayRoutes = Pick<Handlers, 'createGateway' | 'listGateways' | 'getGateway' | 'patchGateway' | 'deleteGateway' | 'retryGateway'>

export function createGatewayRoutes(deps: {
  gateways: GatewayStore
  environments: EnvironmentStore
  regions: RegionStore
  views: GatewayViews
  quotas: Pick<Quotas, 'checkGateways'>
  clock: Clock
}): GatewayRoutes {
  const { gateways, environments, views } = deps
  const createGateway = createGatewayCreation(deps)
  return {
    async createGateway({ body, account, audit }) {
      await deps.quotas.checkGateways(account.userId)
      const gateway = await createGateway(body, account)
      audit({ gatewayId: gateway.gatewayId })
      return views.of(gateway)
    },
    async listGateways({ query, account }) {
      const found = await gateways.list(account.userId, query)
      const items = await views.ofMany(found.slice(0, query.limit))
      const last = found[query.limit - 1]
      return { items, ...(found.length > query.limit && last ? { nextCursor: encodeCursor(nameCursorKey(last)) } : {}) }
    },
    getGateway: async ({ params, account }) => views.of(await gateways.getOwned(params.gatewayId, account.userId)),
    async patchGateway({ params, body, account, audit }) {
      await gateways.getAs(params.gatewayId, account.userId, 'administer')
      audit({ ...body })
      return views.of(await gateways.change(params.gatewayId, body))
    },
    async deleteGateway({ params, account }) {
      await gateways.getAs(params.gatewayId, account.userId, 'delete')
      return views.of(await gateways.wantDeleted(params.gatewayId))
    },
    async retryGateway({ params, account }) {
      await gateways.getAs(params.gatewayId, account.userId, 'change')
      await environments.retryAll(params.gatewayId)
      return views.of(await gateways.retry(params.gatewayId))
    },
  }
}

/** Puts down a new gateway with its environments; the phase engine does the rest. Also for the gateway that a first start makes. */
export function createGatewayCreation({
  gateways,
  regions,
  clock,
}: {
  gateways: Pick<GatewayStore, 'insert'>
  regions: Pick<RegionStore, 'find' | 'list'>
  clock: Clock
}): (input: CreateGateway, owner: Caller) => Promise<StoredGateway> {
  return async ({ name, gatewayId = gatewayIdFromName(name), regionId = localRegion._id, bundle, database }, owner) => {
    if (!(await regions.find(regionId)))
      throw regionUnknown(
        regionId,
        (await regions.list()).map(({ _id }) => _id),
      )
    const now = clock.now()
    const gateway: StoredGateway = {
      _id: newId(),
      gatewayId,
      ownerId: owner.userId,
      name,
      regionId,
      bundle: bundle ?? bundleSchema.parse({}),
      database,
      pipeline: 'on',
      ...newPhaseDocument(now),
    }
    await gateways.insert(gateway, newEnvironments(gateway, now))
    return gateway
  }
}
