import type { GatewayPackages } from '../publishing/imports/import-ports.ts'
import { parseLock, versionAt } from './lock.ts'
import type { PackageCache } from './package-cache.ts'
import type { PackageStore, StoredPackages } from './package-store.ts'

export const dependenciesOf = ({ dependencies }: Pick<StoredPackages, 'dependencies'>): Record<string, string> =>
  Object.fromEntries(dependencies.map(({ name, range }) => [name, range]))

/** A gateway's packages, for the compiler: read as they are declared now. */
export function createGatewayPackages({ store, cache }: { store: PackageStore; cache: PackageCache }): GatewayPackages {
  return {
    async find(gatewayId) {
      const stored = await store.find(gatewayId)
      if (!stored) return undefined
      const { lock, lockHash } = stored
      const dependencies = dependenciesOf(stored)
      return {
        lockHash,
        dependencies,
        folder: await cache.folderOf(lockHash),
        ensure: () => cache.ensure({ lock, lockHash, dependencies }),
        versionOf: (place) => versionAt(parseLock(lock), place),
      }
    },
  }
}
