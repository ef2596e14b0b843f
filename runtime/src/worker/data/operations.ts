import type { Collection, Document, UpdateFilter } from 'mongodb'
import type { AccessRules } from './access-rules.ts'
import { DataAccessRefused } from './data-error.ts'

/** Arguments of one operation, as the guest sent them: every number is still of the BSON type that it had. */
export type OperationValues = Readonly<Record<string, unknown>>
type Operation = (collection: Collection, values: OperationValues, options: Document) => Promise<unknown>

/** Numbers keep their exact type through this process, in both directions. */
export const exactTypes = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const

/** Options that reach the driver, and how: anything else that a function gives is dropped, so no driver option is opened by accident. */
const optionReaders: Record<string, (value: unknown) => unknown> = {
  ...Object.fromEntries(['limit', 'skip', 'batchSize', 'maxTimeMS'].map((name) => [name, (value: unknown) => toCount(name, value)])),
  ...Object.fromEntries(
    ['upsert', 'ordered', 'allowDiskUse', 'includeResultMetadata', 'showRecordId', 'bypassDocumentValidation'].map((name) => [name, Boolean]),
  ),
  ...Object.fromEntries(['sort', 'projection', 'hint', 'collation', 'arrayFilters', 'let', 'min', 'max'].map((name) => [name, (value: unknown) => value])),
  returnDocument: String,
}

/** @param maxTimeMs what the server may work on it at most; a function can ask for less */
export function readOptions(options: unknown, rules: AccessRules, maxTimeMs: number): Document {
  const read: Document = { maxTimeMS: maxTimeMs }
  for (const [name, value] of Object.entries((options ?? {}) as Record<string, unknown>)) {
    const reader = optionReaders[name]
    if (reader === undefined || value === undefined || value === null) continue
    rules.checkExpression(value)
    read[name] = reader(value)
  }
  const wantedMs = Number(read.maxTimeMS)
  read.maxTimeMS = wantedMs > 0 && wantedMs < maxTimeMs ? wantedMs : maxTimeMs
  return read
}

/** The operations that answer with one value. */
export const operations: Record<string, Operation> = {
  insertOne: (collection, { document }, options) => collection.insertOne(document as Document, options),
  insertMany: (collection, { documents }, options) => collection.insertMany(documents as Document[], options),
  updateOne: (collection, { filter, update }, options) => collection.updateOne(filter as Document, update as UpdateFilter<Document>, options),
  updateMany: (collection, { filter, update }, options) => collection.updateMany(filter as Document, update as UpdateFilter<Document>, options),
  replaceOne: (collection, { filter, replacement }, options) => collection.replaceOne(filter as Document, replacement as Document, options),
  deleteOne: (collection, { filter }, options) => collection.deleteOne(filter as Document, options),
  deleteMany: (collection, { filter }, options) => collection.deleteMany(filter as Document, options),
  findOneAndUpdate: (collection, { filter, update }, options) =>
    collection.findOneAndUpdate(filter as Document, update as UpdateFilter<Document>, { ...options, ...exactTypes }),
  findOneAndReplace: (collection, { filter, replacement }, options) =>
    collection.findOneAndReplace(filter as Document, replacement as Document, { ...options, ...exactTypes }),
  findOneAndDelete: (collection, { filter }, options) => collection.findOneAndDelete(filter as Document, { ...options, ...exactTypes }),
  countDocuments: (collection, { filter }, options) => collection.countDocuments(filter as Document, options),
  estimatedDocumentCount: (collection, _values, options) => collection.estimatedDocumentCount(options),
  distinct: (collection, { key, filter }, options) => collection.distinct(String(key), filter as Document, { ...options, ...exactTypes }),
}

/** Documents to be stored are data, whatever their names are; everything else is looked through. @throws DataAccessRefused */
export function checkValues(values: OperationValues, rules: AccessRules): void {
  if (values.filter !== undefined) rules.checkExpression(values.filter)
  if (values.pipeline !== undefined) rules.checkPipeline(values.pipeline)
  if (Array.isArray(values.update)) rules.checkPipeline(values.update)
  else if (values.update !== undefined) rules.checkExpression(values.update)
}

function toCount(name: string, value: unknown): number {
  const count = Number(value)
  if (!Number.isInteger(count) || count < 0) throw new DataAccessRefused(`Option ${name} is a whole number that is not negative.`)
  return count
}
