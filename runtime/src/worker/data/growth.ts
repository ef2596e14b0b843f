import type { Document } from 'mongodb'
import type { OperationValues } from './operations.ts'

/** A write that an environment is refused whose data has reached what it may have. */
export class DataQuotaExceeded extends Error {
  readonly code = 'DATA_QUOTA_EXCEEDED'
  constructor(operation: string) {
    super(`${operation} was refused: the data of this environment has reached its quota. Reading and deleting go on; writing does once enough is deleted.`)
    this.name = 'DataQuotaExceeded'
  }
}

/** What can make an environment's data larger. Deletions and drops stay open: they are the way out. */
const growing = new Set(
  'insertOne insertMany updateOne updateMany replaceOne findOneAndUpdate findOneAndReplace bulkWrite createIndex createIndexes createCollection'.split(' '),
)
const writingStages = ['$out', '$merge']

/** @throws DataQuotaExceeded for an operation that could make the data larger */
export function refuseGrowth(operation: string, values: OperationValues): void {
  if (growing.has(operation)) throw new DataQuotaExceeded(operation)
  const pipeline = operation === 'aggregate' && Array.isArray(values.pipeline) ? (values.pipeline as Document[]) : []
  const stage = pipeline.flatMap((each) => Object.keys(each)).find((name) => writingStages.includes(name))
  if (stage !== undefined) throw new DataQuotaExceeded(stage)
}
