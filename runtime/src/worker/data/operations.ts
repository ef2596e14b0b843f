import type { Collection, Db, Document, UpdateFilter } from 'mongodb'
import type { AccessRules } from './access-rules.ts'
import { readBulk } from './bulk-write.ts'
import { exactTypes } from './options.ts'

/** Arguments of one operation, as the guest sent them: every value still has the BSON type that it had. */
export type OperationValues = Readonly<Record<string, unknown>>

/** What an operation works on. `options` are read and checked, and hold the session if there is one. */
export interface DatabaseTarget {
  database: Db
  values: OperationValues
  options: Document
  rules: AccessRules
}
export interface OperationTarget extends DatabaseTarget {
  collection: Collection
}
/** @returns the one value that answers the function */
export type Operation = (target: OperationTarget) => Promise<unknown>

// Not replaced when it is missing: the driver refuses to update what nobody chose.
const filterOf = (values: OperationValues): Document => values.filter as Document
const updateOf = (values: OperationValues): UpdateFilter<Document> => values.update as UpdateFilter<Document>

export const documentOperations: Readonly<Record<string, Operation>> = {
  insertOne: ({ collection, values, options }) => collection.insertOne(values.document as Document, options),
  insertMany: ({ collection, values, options }) => collection.insertMany(values.documents as Document[], options),
  updateOne: ({ collection, values, options }) => collection.updateOne(filterOf(values), updateOf(values), options),
  updateMany: ({ collection, values, options }) => collection.updateMany(filterOf(values), updateOf(values), options),
  replaceOne: ({ collection, values, options }) => collection.replaceOne(filterOf(values), values.replacement as Document, options),
  deleteOne: ({ collection, values, options }) => collection.deleteOne(filterOf(values), options),
  deleteMany: ({ collection, values, options }) => collection.deleteMany(filterOf(values), options),
  findOneAndUpdate: ({ collection, values, options }) =>
    collection.findOneAndUpdate(filterOf(values), updateOf(values), { ...options, ...exactTypes }).then((found) => toFound(found, options)),
  findOneAndReplace: ({ collection, values, options }) =>
    collection.findOneAndReplace(filterOf(values), values.replacement as Document, { ...options, ...exactTypes }).then((found) => toFound(found, options)),
  findOneAndDelete: ({ collection, values, options }) =>
    collection.findOneAndDelete(filterOf(values), { ...options, ...exactTypes }).then((found) => toFound(found, options)),
  countDocuments: ({ collection, values, options }) => collection.countDocuments(filterOf(values), options),
  estimatedDocumentCount: ({ collection, options }) => collection.estimatedDocumentCount(options),
  distinct: ({ collection, values, options }) => collection.distinct(String(values.key), filterOf(values), { ...options, ...exactTypes }),
  async bulkWrite({ collection, values, options, rules }) {
    const { insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount, upsertedIds, insertedIds, ok } = await collection.bulkWrite(
      readBulk(values.operations, rules),
      options,
    )
    return { acknowledged: true, insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount, upsertedIds, insertedIds, ok }
  },
}

/** The document, or with `includeResultMetadata` what came with it, without the cluster's own affairs. */
function toFound(found: unknown, options: Document): unknown {
  if (options.includeResultMetadata !== true) return found
  const { lastErrorObject, value, ok } = found as Document
  return { lastErrorObject, value, ok }
}

/** Documents to be stored are data, whatever their names are; everything else is looked through. @throws DataAccessRefused */
export function checkValues(values: OperationValues, rules: AccessRules): void {
  if (values.filter !== undefined) rules.checkExpression(values.filter)
  if (values.pipeline !== undefined) rules.checkPipeline(values.pipeline)
  if (values.update !== undefined) rules.checkUpdate(values.update)
}
