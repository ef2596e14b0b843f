import type { CreateIndexesOptions, Db, Document, IndexDescription, IndexSpecification } from 'mongodb'
import { DataAccessRefused } from './data-error.ts'
import type { DatabaseTarget, Operation, OperationTarget } from './operations.ts'
import { readCollectionOptions, readIndexOptions } from './options.ts'

const indexesMax = 64

/** The settings of an index and those of the command come in one document, as the driver takes them. */
const indexOptionsOf = ({ values, options, rules }: OperationTarget): CreateIndexesOptions => ({ ...options, ...readIndexOptions(values.options, rules) })

async function createIndexes({ collection, values, options, rules }: OperationTarget): Promise<string[]> {
  const { specs } = values
  if (!Array.isArray(specs) || specs.length === 0 || specs.length > indexesMax)
    throw new DataAccessRefused(`createIndexes takes a list of 1 to ${indexesMax} indexes.`)
  const described = specs.map((spec: Document) => {
    rules.checkExpression(spec.key)
    return { key: spec.key, ...readIndexOptions(spec, rules) } as IndexDescription
  })
  return collection.createIndexes(described, options)
}

/** Those that a function may touch; imprun's and MongoDB's own are not shown. */
async function listCollections({ database, values, options, rules }: DatabaseTarget): Promise<Document[]> {
  rules.checkExpression(values.filter)
  const { nameOnly, session, maxTimeMS } = options
  const listed = await database.listCollections((values.filter ?? {}) as Document, { nameOnly: nameOnly === true, session, maxTimeMS }).toArray()
  return listed.filter(({ name }) => rules.isOpenCollection(name))
}

async function createCollection({ database, collection, values, options, rules }: OperationTarget): Promise<null> {
  const wanted = (values.options ?? {}) as Document
  const view: Document = {}
  if (wanted.viewOn !== undefined) {
    rules.checkCollection(wanted.viewOn)
    rules.checkPipeline(wanted.pipeline ?? [])
    view.viewOn = wanted.viewOn
    view.pipeline = wanted.pipeline ?? []
  }
  await database.createCollection(collection.collectionName, { ...options, ...readCollectionOptions(wanted, rules), ...view })
  return null
}

async function rename({ collection, values, options, rules }: OperationTarget): Promise<string> {
  rules.checkCollection(values.name)
  const { dropTarget, session, maxTimeMS } = options
  const renamed = await collection.rename(String(values.name), { dropTarget: dropTarget === true, session, maxTimeMS })
  return renamed.collectionName
}

const listedOptions = (database: Db, name: string, options: Document): Promise<Document[]> =>
  database.listCollections({ name }, { session: options.session, maxTimeMS: options.maxTimeMS }).toArray()

export const collectionOperations: Readonly<Record<string, Operation>> = {
  createIndex: (target) => {
    target.rules.checkExpression(target.values.spec)
    return target.collection.createIndex(target.values.spec as IndexSpecification, indexOptionsOf(target))
  },
  createIndexes,
  async dropIndex({ collection, values, options }) {
    await collection.dropIndex(String(values.name), options)
    return { ok: 1 }
  },
  dropIndexes: ({ collection, options }) => collection.dropIndexes(options),
  indexes: ({ collection, options }) => collection.listIndexes(options).toArray(),
  indexExists: ({ collection, values, options }) => collection.indexExists((values.names ?? []) as string[], options),
  indexInformation: ({ collection, values, options }) => collection.indexInformation({ ...options, full: values.isFull === true }),
  drop: ({ collection, options }) => collection.drop(options),
  rename,
  createCollection,
  async options({ database, collection, options }) {
    return (await listedOptions(database, collection.collectionName, options))[0]?.options ?? null
  },
  async isCapped({ database, collection, options }) {
    return (await listedOptions(database, collection.collectionName, options))[0]?.options?.capped === true
  },
}
/** Those that name no collection. */
export const databaseOperations: Readonly<Record<string, (target: DatabaseTarget) => Promise<unknown>>> = { listCollections }
