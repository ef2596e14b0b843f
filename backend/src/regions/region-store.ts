import type { Region } from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { regionIdTaken, regionNotFound } from './region-errors.ts'

/** A place where runtimes run. */
export interface StoredRegion extends Pick<Region, 'name' | 'driver' | 'baseDomain'> {
  /** The id that gateways name. */
  _id: string
  /** Absent: as the installation's own settings say. */
  settings?: Region['settings']
  /** Absent: no. */
  isProtected?: boolean
}

export const localRegion: StoredRegion = { _id: 'local', name: 'This machine', driver: 'process', baseDomain: 'localhost' }

export type RegionChanges = { [Field in 'name' | 'baseDomain' | 'isProtected' | 'settings']?: StoredRegion[Field] | undefined }

export interface RegionStore {
  /** Makes the region of this machine when it is missing; one that was changed stays as it is. */
  ensureLocal(): Promise<void>
  list(): Promise<StoredRegion[]>
  find(regionId: string): Promise<StoredRegion | undefined>
  /** @throws REGION_ID_TAKEN */
  insert(region: StoredRegion): Promise<void>
  /** @throws REGION_NOT_FOUND */
  change(regionId: string, changes: RegionChanges): Promise<StoredRegion>
  /** @throws REGION_NOT_FOUND */
  remove(regionId: string): Promise<void>
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
    async insert(region) {
      try {
        await regions.insertOne(region)
      } catch (error) {
        throw isDuplicateKey(error) ? regionIdTaken(region._id) : error
      }
    },
    async change(regionId, changes) {
      const changed = await regions.findOneAndUpdate({ _id: regionId }, { $set: changes as Partial<StoredRegion> }, { returnDocument: 'after' })
      if (!changed) throw regionNotFound(regionId)
      return changed
    },
    async remove(regionId) {
      const { deletedCount } = await regions.deleteOne({ _id: regionId })
      if (deletedCount === 0) throw regionNotFound(regionId)
    },
  }
}
