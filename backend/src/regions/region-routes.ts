import type { Region } from '@imprun/contracts'
import type { AccountStore } from '../accounts/account-store.ts'
import { requireAdmin } from '../accounts/user-routes.ts'
import type { GatewayStore } from '../gateways/gateway-store.ts'
import type { Handlers } from '../http/handlers.ts'
import { type RuntimeDirectory, toRuntimeView } from '../instances/runtime-directory.ts'
import type { RegionDefaults } from '../runtime-driver/runtime-pool.ts'
import { regionInUse, regionNotFound, regionNotRemovable } from './region-errors.ts'
import { localRegion, type RegionStore, type StoredRegion } from './region-store.ts'

export function createRegionRoutes(deps: {
  regions: RegionStore
  accounts: Pick<AccountStore, 'isAdmin'>
  gateways: Pick<GatewayStore, 'listInRegion'>
  directory: Pick<RuntimeDirectory, 'listOf'>
  /** Of regions that leave their settings to the installation. */
  defaults: RegionDefaults
}): Pick<Handlers, 'listRegions' | 'createRegion' | 'patchRegion' | 'deleteRegion'> {
  const { regions, accounts, gateways, directory, defaults } = deps
  const settingsOf = ({ settings }: StoredRegion): Region['settings'] =>
    settings ?? { portsFirst: defaults.ports.first, portsCount: defaults.ports.count, runtimes: defaults.runtimes }
  const show = (region: StoredRegion): Region => ({
    regionId: region._id,
    name: region.name,
    driver: region.driver,
    baseDomain: region.baseDomain,
    settings: settingsOf(region),
    isProtected: region.isProtected ?? false,
    runtimes: directory.listOf(region._id).map(toRuntimeView),
  })
  return {
    listRegions: async () => ({ items: (await regions.list()).map(show) }),

    async createRegion({ body, account, audit }) {
      audit({ ...body })
      await requireAdmin(accounts, account, 'make regions')
      const { regionId, ...facts } = body
      const region: StoredRegion = { _id: regionId, ...facts }
      await regions.insert(region)
      return show(region)
    },

    async patchRegion({ params, body, account, audit }) {
      audit({ ...body })
      await requireAdmin(accounts, account, 'change regions')
      const before = await regions.find(params.regionId)
      if (!before) throw regionNotFound(params.regionId)
      const { settings: patch, ...changes } = body
      const known = settingsOf(before)
      const settings = patch && {
        portsFirst: patch.portsFirst ?? known.portsFirst,
        portsCount: patch.portsCount ?? known.portsCount,
        runtimes: patch.runtimes ?? known.runtimes,
      }
      return show(await regions.change(params.regionId, { ...changes, settings }))
    },

    async deleteRegion({ params, account }) {
      await requireAdmin(accounts, account, 'remove regions')
      if (params.regionId === localRegion._id) throw regionNotRemovable(params.regionId)
      const gatewayIds = await gateways.listInRegion(params.regionId, gatewaysNamedMax)
      if (gatewayIds.length > 0) throw regionInUse(params.regionId, gatewayIds)
      await regions.remove(params.regionId)
      return {}
    },
  }
}

/** Of a region's gateways, how many a refusal names. */
const gatewaysNamedMax = 20
