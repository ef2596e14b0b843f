import { ObjectId } from 'bson'
import type { Document } from '../../bson/bson-format.ts'
import { AggregationCursor } from './aggregation-cursor.ts'
import { ListCursor } from './cursor.ts'
import { FindCursor } from './find-cursor.ts'
import { askWith } from './options.ts'
import { readFirst, readValue } from './tickets.ts'

type Options = Document | undefined
type Update = Document | Document[]

/** Mirrors the MongoDB driver's Collection; what may be touched is decided by the host. */
export class Collection {
  readonly #name: string
  constructor(name: string) {
    this.#name = name
  }
  get collectionName(): string {
    return this.#name
  }
  #ask(operation: string, values: Document, options: Options): Promise<unknown> {
    return askWith(operation, this.#name, values, options, readValue)
  }

  find(filter: Document = {}, options?: Options): FindCursor {
    return new FindCursor(this.#name, filter, options)
  }
  findOne(filter: Document = {}, options?: Options): Promise<Document | null> {
    return askWith('findOne', this.#name, { filter }, options, readFirst)
  }
  aggregate(pipeline: Document[] = [], options?: Options): AggregationCursor {
    return new AggregationCursor(this.#name, pipeline, options)
  }
  countDocuments(filter: Document = {}, options?: Options): Promise<unknown> {
    return this.#ask('countDocuments', { filter }, options)
  }
  /** The old name of `countDocuments`. */
  count(filter: Document = {}, options?: Options): Promise<unknown> {
    return this.countDocuments(filter, options)
  }
  estimatedDocumentCount(options?: Options): Promise<unknown> {
    return this.#ask('estimatedDocumentCount', {}, options)
  }
  distinct(key: string, filter: Document = {}, options?: Options): Promise<unknown> {
    return this.#ask('distinct', { key, filter }, options)
  }

  async insertOne(document: Document, options?: Options): Promise<unknown> {
    return this.#ask('insertOne', { document: withId(document) }, options)
  }
  async insertMany(documents: Document[], options?: Options): Promise<unknown> {
    if (!Array.isArray(documents)) throw new TypeError('insertMany takes a list of documents.')
    return this.#ask('insertMany', { documents: documents.map(withId) }, options)
  }
  updateOne(filter: Document, update: Update, options?: Options): Promise<unknown> {
    return this.#ask('updateOne', { filter, update }, options)
  }
  updateMany(filter: Document, update: Update, options?: Options): Promise<unknown> {
    return this.#ask('updateMany', { filter, update }, options)
  }
  replaceOne(filter: Document, replacement: Document, options?: Options): Promise<unknown> {
    return this.#ask('replaceOne', { filter, replacement }, options)
  }
  deleteOne(filter: Document = {}, options?: Options): Promise<unknown> {
    return this.#ask('deleteOne', { filter }, options)
  }
  deleteMany(filter: Document = {}, options?: Options): Promise<unknown> {
    return this.#ask('deleteMany', { filter }, options)
  }
  findOneAndUpdate(filter: Document, update: Update, options?: Options): Promise<unknown> {
    return this.#ask('findOneAndUpdate', { filter, update }, options)
  }
  findOneAndReplace(filter: Document, replacement: Document, options?: Options): Promise<unknown> {
    return this.#ask('findOneAndReplace', { filter, replacement }, options)
  }
  findOneAndDelete(filter: Document, options?: Options): Promise<unknown> {
    return this.#ask('findOneAndDelete', { filter }, options)
  }
  async bulkWrite(operations: Document[], options?: Options): Promise<unknown> {
    if (!Array.isArray(operations)) throw new TypeError('bulkWrite takes a list of operations.')
    for (const operation of operations) {
      const insert = operation?.insertOne as { document?: Document } | undefined
      if (insert?.document !== undefined) withId(insert.document)
    }
    return this.#ask('bulkWrite', { operations }, options)
  }

  createIndex(spec: unknown, options?: Options): Promise<unknown> {
    return this.#ask('createIndex', { spec: withPairsInOrder(spec) }, options)
  }
  createIndexes(specs: Document[], options?: Options): Promise<unknown> {
    return this.#ask('createIndexes', { specs }, options)
  }
  dropIndex(name: string, options?: Options): Promise<unknown> {
    return this.#ask('dropIndex', { name }, options)
  }
  dropIndexes(options?: Options): Promise<unknown> {
    return this.#ask('dropIndexes', {}, options)
  }
  listIndexes(options?: Options): ListCursor {
    return new ListCursor(() => this.indexes(options))
  }
  indexes(options?: Options): Promise<Document[]> {
    return this.#ask('indexes', {}, options) as Promise<Document[]>
  }
  indexExists(names: string | string[], options?: Options): Promise<unknown> {
    return this.#ask('indexExists', { names }, options)
  }
  indexInformation(options?: Options): Promise<unknown> {
    return this.#ask('indexInformation', { isFull: options?.full === true }, options)
  }

  drop(options?: Options): Promise<unknown> {
    return this.#ask('drop', {}, options)
  }
  async rename(name: string, options?: Options): Promise<Collection> {
    return new Collection(String(await this.#ask('rename', { name }, options)))
  }
  options(options?: Options): Promise<unknown> {
    return this.#ask('options', {}, options)
  }
  isCapped(options?: Options): Promise<unknown> {
    return this.#ask('isCapped', {}, options)
  }
  watch(): never {
    throw new TypeError('Change streams are not open to functions: a function ends with its answer.')
  }
}

/** Like the driver, gives a document its _id on the author's own object, so that it can be used after the insert. */
function withId(document: Document): Document {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw new TypeError('A document is an object.')
  document._id ??= new ObjectId()
  return document
}

/** The driver takes a Map for its order of fields, which a document keeps as well unless its names are numbers. */
function withPairsInOrder(spec: unknown): unknown {
  return spec instanceof Map ? [...spec] : spec
}
