import type { Document } from 'mongodb'
import type { AccessRules } from './access-rules.ts'
import { DataAccessRefused } from './data-error.ts'

/** Numbers keep their exact type through this process, in both directions. */
export const exactTypes = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const

type Reader = (name: string, value: unknown, rules: AccessRules) => unknown
type Readers = Readonly<Record<string, Reader>>

const asGiven: Reader = (_name, value, rules) => {
  rules.checkExpression(value)
  return value
}
const asFlag: Reader = (_name, value) => Boolean(value)
const asText: Reader = (_name, value) => String(value)
const asCount: Reader = (name, value) => {
  const count = Number(value)
  if (!Number.isInteger(count) || count < 0) throw new DataAccessRefused(`Option ${name} is a whole number that is not negative.`)
  return count
}
const asBatchSize: Reader = (name, value, rules) => Math.min(asCount(name, value, rules) as number, batchDocumentsMax)
const batchDocumentsMax = 10_000

const readersOf = (reader: Reader, names: string): Readers => Object.fromEntries(names.split(' ').map((name) => [name, reader]))

/** Options that reach the driver, and how: anything else that a function gives is dropped, so no option of the driver is opened by accident. */
const operationOptions: Readers = {
  ...readersOf(asCount, 'limit skip maxTimeMS'),
  ...readersOf(asBatchSize, 'batchSize'),
  ...readersOf(asFlag, 'upsert ordered allowDiskUse includeResultMetadata showRecordId returnKey bypassDocumentValidation nameOnly dropTarget'),
  ...readersOf(asGiven, 'sort projection hint collation arrayFilters let min max comment readConcern writeConcern'),
  ...readersOf(asText, 'returnDocument readPreference'),
}
const memberOptions: Readers = { ...readersOf(asFlag, 'upsert'), ...readersOf(asGiven, 'arrayFilters collation hint sort') }
const indexOptions: Readers = {
  ...readersOf(asFlag, 'unique sparse background hidden'),
  ...readersOf(asText, 'name default_language language_override'),
  ...readersOf(asGiven, 'partialFilterExpression wildcardProjection collation weights storageEngine expireAfterSeconds version textIndexVersion bits min max'),
}
const collectionOptions: Readers = {
  ...readersOf(asFlag, 'capped'),
  ...readersOf(asCount, 'size max'),
  ...readersOf(asText, 'validationLevel validationAction'),
  ...readersOf(asGiven, 'validator collation timeseries clusteredIndex expireAfterSeconds changeStreamPreAndPostImages'),
}
const transactionOptions: Readers = {
  ...readersOf(asGiven, 'readConcern writeConcern'),
  ...readersOf(asText, 'readPreference'),
  ...readersOf(asCount, 'maxCommitTimeMS'),
}

function readBy(readers: Readers, options: unknown, rules: AccessRules): Document {
  const read: Document = {}
  if (typeof options !== 'object' || options === null) return read
  for (const [name, value] of Object.entries(options)) {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined
    if (reader !== undefined && value !== undefined && value !== null) read[name] = reader(name, value, rules)
  }
  return read
}

/** @param maxTimeMs what the server may work on it at most; a function can ask for less */
export function readOptions(options: unknown, rules: AccessRules, maxTimeMs: number): Document {
  const read = readBy(operationOptions, options, rules)
  const wantedMs = Number(read.maxTimeMS)
  read.maxTimeMS = wantedMs > 0 && wantedMs < maxTimeMs ? wantedMs : maxTimeMs
  return read
}
export const readMemberOptions = (options: unknown, rules: AccessRules): Document => readBy(memberOptions, options, rules)
export const readIndexOptions = (options: unknown, rules: AccessRules): Document => readBy(indexOptions, options, rules)
export const readCollectionOptions = (options: unknown, rules: AccessRules): Document => readBy(collectionOptions, options, rules)
export const readTransactionOptions = (options: unknown, rules: AccessRules): Document => readBy(transactionOptions, options, rules)
