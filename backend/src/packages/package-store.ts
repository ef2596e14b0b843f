import type { Database } from '../database/database.ts'
import type { Caller } from '../http/handlers.ts'

/** What a gateway declares, and what it was resolved to. */
export interface StoredPackages {
  /** The gateway's id: there is one for each. */
  _id: string
  /** Never empty. A list, because names may hold dots. */
  dependencies: { name: string; range: string }[]
  lock: string
  lockHash: string
  updatedAt: Date
  updatedBy: Caller
}

export interface PackageStore {
  find(gatewayId: string): Promise<StoredPackages | undefined>
  put(packages: StoredPackages): Promise<void>
  removeAll(gatewayId: string): Promise<void>
  /** Of all gateways. */
  listLockHashes(): Promise<string[]>
}

export function createPackageStore(database: Database): PackageStore {
  const packages = database.sys.collection<StoredPackages>('packages')
  return {
    find: async (gatewayId) => (await packages.findOne({ _id: gatewayId })) ?? undefined,
    async put(stored) {
      await packages.replaceOne({ _id: stored._id }, stored, { upsert: true })
    },
    async removeAll(gatewayId) {
      await packages.deleteOne({ _id: gatewayId })
    },
    listLockHashes: () => packages.distinct('lockHash'),
  }
}
