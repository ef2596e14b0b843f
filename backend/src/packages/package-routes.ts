import type { Packages } from '@imprun/contracts'
import type { OwnedGateways } from '../functions/function-lookup.ts'
import type { Handlers } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { dependenciesOf } from './gateway-packages.ts'
import { parseLock, versionAt } from './lock.ts'
import type { PackageCache } from './package-cache.ts'
import type { PackageStore, StoredPackages } from './package-store.ts'

export interface PackageRoutesDeps {
  gateways: OwnedGateways
  packageStore: PackageStore
  packageCache: PackageCache
  clock: Clock
}

export function createPackageRoutes({ gateways, packageStore, packageCache, clock }: PackageRoutesDeps): Pick<Handlers, 'getPackages' | 'putPackages'> {
  return {
    async getPackages({ params, account }) {
      const { gatewayId } = await gateways.getOwned(params.gatewayId, account.userId)
      return toView(gatewayId, await packageStore.find(gatewayId))
    },
    async putPackages({ params, body, account, audit }) {
      const { dependencies } = body
      audit({ dependencies: Object.entries(dependencies).map(([name, range]) => `${name}@${range}`) })
      const { gatewayId } = await gateways.getChangeable(params.gatewayId, account.userId)
      if (Object.keys(dependencies).length === 0) {
        await packageStore.removeAll(gatewayId)
        return toView(gatewayId, undefined)
      }
      const { lock, lockHash } = await packageCache.install(dependencies)
      const declared = Object.entries(dependencies).map(([name, range]) => ({ name, range }))
      const stored: StoredPackages = { _id: gatewayId, dependencies: declared, lock, lockHash, updatedAt: clock.now(), updatedBy: account }
      await packageStore.put(stored)
      audit({ lockHash })
      return toView(gatewayId, stored)
    },
  }
}

function toView(gatewayId: string, stored: StoredPackages | undefined): Packages {
  if (!stored) return { gatewayId, dependencies: {}, resolved: [] }
  const lock = parseLock(stored.lock)
  return {
    gatewayId,
    dependencies: dependenciesOf(stored),
    resolved: stored.dependencies.map(({ name }) => ({ name, version: versionAt(lock, `node_modules/${name}`) })),
    lockHash: stored.lockHash,
    updatedAt: stored.updatedAt.toISOString(),
    updatedBy: stored.updatedBy.name,
  }
}
