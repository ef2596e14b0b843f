import { bundleSchema, type CreateGateway } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import { encodeCursor, nameCursorKey } from '../database/paging.ts'
import { refused } from '../deployments/deployment-errors.ts'
import { type EnvironmentStore, newEnvironments } from '../environments/environment-store.ts'
import type { Caller, Handlers } from '../http/handlers.ts'
import type { InstanceStore } from '../instances/instance-store.ts'
import { newPhaseDocument } from '../phases/phase-document.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Quotas } from '../quotas/quotas.ts'
import type { RegionChecks } from '../regions/region-checks.ts'
import { localRegion, type RegionStore } from '../regions/region-store.ts'
import { regionUnknown } from './gateway-errors.ts'
import { gatewayIdFromName } from './gateway-rules.ts'
import type { GatewayStore, StoredGateway } from './gateway-store.ts'
import type { GatewayViews } from './gateway-view.ts'

type GatewayRoutes = Pick<Handlers, 'createGateway' | 'listGateways' | 'getGateway' | 'patchGateway' | 'deleteGateway' | 'retryGateway'>

export function createGatewayRoutes(deps: {
  gateways: GatewayStore
  environments: EnvironmentStore
  instances: Pick<InstanceStore, 'setBundle' | 'retryAll'>
  regions: RegionStore
  regionChecks: RegionChecks
  views: GatewayViews
  quotas: Pick<Quotas, 'makeGateway'>
  clock: Clock
}): GatewayRoutes {
  const { gateways, environments, instances, views } = deps
  const createGateway = createGatewayCreation(deps)
  return {
    async createGateway({ body, account, audit }) {
      const gateway = await deps.quotas.makeGateway(account.userId, (session) => createGateway(body, account, session))
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
    async patchGateway({ params: { gatewayId }, body: { bundle: patch, ...changes }, account, audit }) {
      const before = await gateways.getAs(gatewayId, account.userId, 'administer')
      audit({ ...changes, ...(patch ? { bundle: patch } : {}) })
      const bundle = patch && bundleSchema.parse({ ...before.bundle, ...patch })
      const changed = await gateways.change(gatewayId, { ...changes, bundle })
      if (bundle) {
        // Environments first: an instance that is put down meanwhile looks there.
        await environments.setBundle(gatewayId, bundle)
        await instances.setBundle(gatewayId, bundle)
      }
      return views.of(changed)
    },
    async deleteGateway({ params, query, account, requestId, audit }) {
      await gateways.getAs(params.gatewayId, account.userId, 'delete')
      const isForced = query.force === 'true'
      if (isForced) audit({ isForced })
      return views.of(await gateways.wantDeleted(params.gatewayId, { isForced, userId: account.userId, actor: account.name, requestId }))
    },
    async retryGateway({ params, account }) {
      await gateways.getAs(params.gatewayId, account.userId, 'change')
      await instances.retryAll(params.gatewayId)
      await environments.retryAll(params.gatewayId)
      return views.of(await gateways.retry(params.gatewayId))
    },
  }
}

/** Puts down a new gateway with its environments; the phase engine does the rest. Also for the gateway that a first start makes. */
export function createGatewayCreation({
  gateways,
  regions,
  regionChecks,
  clock,
}: {
  gateways: Pick<GatewayStore, 'insert'>
  regions: Pick<RegionStore, 'find' | 'list'>
  regionChecks: Pick<RegionChecks, 'findRefusals'>
  clock: Clock
}): (input: CreateGateway, owner: Caller, session?: ClientSession) => Promise<StoredGateway> {
  return async ({ name, gatewayId = gatewayIdFromName(name), regionId = localRegion._id, bundle, database }, owner, session) => {
    const region = await regions.find(regionId)
    if (!region)
      throw regionUnknown(
        regionId,
        (await regions.list()).map(({ _id }) => _id),
      )
    const [first, ...others] = await regionChecks.findRefusals(region, owner.userId)
    if (first) throw refused([first, ...others])
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
    await gateways.insert(gateway, newEnvironments(gateway, now), session)
    return gateway
  }
}
