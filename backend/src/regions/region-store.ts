import type { Database } from '../database/database.ts'

/** A place where runtimes run. */
export interface StoredRegion {
  /** The id that gateways name. */
  _id: string
  name: string
  driver: 'process'
  /** Hosts of environments are `<gateway>.<environment>.<baseDomain>`. */
  baseDomain: string
}

export const localRegion: StoredRegion = { _id: 'local', name: 'This machine', driver: 'process', baseDomain: 'localhost' }

export interface RegionStore {
  /** Makes the region of this machine when it is missing; one that was changed stays as it is. */
  ensureLocal(): Promise<void>
  list(): Promise<StoredRegion[]>
  find(regionId: string): Promise<StoredRegion | undefined>
}

export function createRegionStore(database: Database): RegionStore {
  const regions = database.sys.collection<StoredRegion>('regions')
  return {
    async ensureLocal() {
      const { _id, ...facts } = localRegion
      await regions.updateOne({ _id }, { $setOnInsert: facts }, { upsert: true })
    },
    list: () => regions.find().sort({ _id: 1 }).toArray(),
    find: async (regionId) => (await regions.findOne({ _id: regionId })) ?? undefined,
  }
}
