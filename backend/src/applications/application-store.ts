import type { PageQuery } from '@imprun/contracts'
import type { ClientSession, Filter } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { afterNameCursor, containing } from '../database/paging.ts'
import type { Caller } from '../http/handlers.ts'
import { applicationNameTaken, applicationNotFound } from './application-errors.ts'

export interface StoredApplication {
  _id: string
  ownerId: string
  name: string
  description: string
  organization: string
  createdAt: Date
  createdBy: Caller
  /** Moves with every change of its grants, so that one document tells that the application looks different now. */
  updatedAt: Date
}

export interface ApplicationStore {
  /** @throws APPLICATION_NAME_TAKEN */
  insert(application: StoredApplication): Promise<void>
  /** @throws APPLICATION_NOT_FOUND, for a stranger's application too. */
  getOwned(applicationId: string, ownerId: string): Promise<StoredApplication>
  findById(applicationId: string): Promise<StoredApplication | undefined>
  /** The user's own and these others, by name; one more than the limit when there is a next page. */
  list(ownerId: string, others: readonly string[], query: PageQuery): Promise<StoredApplication[]>
  /** Also makes two transactions on one application conflict. @throws APPLICATION_NOT_FOUND */
  touch(applicationId: string, at: Date, session: ClientSession): Promise<StoredApplication>
  remove(applicationId: string, session: ClientSession): Promise<void>
}

export function createApplicationStore(database: Database): ApplicationStore {
  const applications = database.sys.collection<StoredApplication>('applications')
  return {
    async insert(application) {
      try {
        await applications.insertOne(application)
      } catch (error) {
        throw isDuplicateKey(error) ? applicationNameTaken(application.name) : error
      }
    },
    async getOwned(applicationId, ownerId) {
      const found = await applications.findOne({ _id: applicationId, ownerId })
      if (!found) throw applicationNotFound(applicationId)
      return found
    },
    findById: async (applicationId) => (await applications.findOne({ _id: applicationId })) ?? undefined,
    list(ownerId, others, { limit, cursor, filter }) {
      const visible: Filter<StoredApplication> = others.length === 0 ? { ownerId } : { $or: [{ ownerId }, { _id: { $in: [...others] } }] }
      const conditions: Filter<StoredApplication>[] = [visible, afterNameCursor(cursor) as Filter<StoredApplication>]
      if (filter) conditions.push({ name: containing(filter) })
      return applications
        .find({ $and: conditions })
        .sort({ name: 1, _id: 1 })
        .limit(limit + 1)
        .toArray()
    },
    async touch(applicationId, at, session) {
      const touched = await applications.findOneAndUpdate({ _id: applicationId }, { $set: { updatedAt: at } }, { session, returnDocument: 'after' })
      if (!touched) throw applicationNotFound(applicationId)
      return touched
    },
    async remove(applicationId, session) {
      await applications.deleteOne({ _id: applicationId }, { session })
    },
  }
}
