import { ObjectId } from 'bson'
import { decode } from './bson.ts'
import { Cursor } from './cursor.ts'
import { askHost } from './tickets.ts'

type Document = Record<string, unknown>

/** Mirrors the MongoDB driver's Collection; what may be touched is decided by the host. */
class Collection {
  readonly #name: string
  constructor(name: string) {
    this.#name = name
  }
  get collectionName(): string {
    return this.#name
  }
  async #ask(operation: string, values: Document): Promise<unknown> {
    return decode(await askHost(operation, this.#name, values)).value
  }
  find(filter: Document = {}, options: Document = {}): Cursor {
    return new Cursor('find', this.#name, { filter }, options)
  }
  aggregate(pipeline: Document[] = [], options: Document = {}): Cursor {
    return new Cursor('aggregate', this.#name, { pipeline }, options)
  }
  async findOne(filter: Document = {}, options: Document = {}): Promise<unknown> {
    const found = await this.find(filter, { ...options, limit: 1 }).toArray()
    return found[0] ?? null
  }
  insertOne(document: Document, options: Document = {}): Promise<unknown> {
    return this.#ask('insertOne', { document: withId(document), options })
  }
  insertMany(documents: Document[], options: Document = {}): Promise<unknown> {
    if (!Array.isArray(documents)) throw new TypeError('insertMany takes a list of documents.')
    return this.#ask('insertMany', { documents: documents.map(withId), options })
  }
  updateOne(filter: Document, update: Document | Document[], options: Document = {}): Promise<unknown> {
    return this.#ask('updateOne', { filter, update, options })
  }
  updateMany(filter: Document, update: Document | Document[], options: Document = {}): Promise<unknown> {
    return this.#ask('updateMany', { filter, update, options })
  }
  replaceOne(filter: Document, replacement: Document, options: Document = {}): Promise<unknown> {
    return this.#ask('replaceOne', { filter, replacement, options })
  }
  deleteOne(filter: Document = {}, options: Document = {}): Promise<unknown> {
    return this.#ask('deleteOne', { filter, options })
  }
  deleteMany(filter: Document = {}, options: Document = {}): Promise<unknown> {
    return this.#ask('deleteMany', { filter, options })
  }
  findOneAndUpdate(filter: Document, update: Document | Document[], options: Document = {}): Promise<unknown> {
    return this.#ask('findOneAndUpdate', { filter, update, options })
  }
  findOneAndReplace(filter: Document, replacement: Document, options: Document = {}): Promise<unknown> {
    return this.#ask('findOneAndReplace', { filter, replacement, options })
  }
  findOneAndDelete(filter: Document, options: Document = {}): Promise<unknown> {
    return this.#ask('findOneAndDelete', { filter, options })
  }
  countDocuments(filter: Document = {}, options: Document = {}): Promise<unknown> {
    return this.#ask('countDocuments', { filter, options })
  }
  estimatedDocumentCount(options: Document = {}): Promise<unknown> {
    return this.#ask('estimatedDocumentCount', { options })
  }
  distinct(key: string, filter: Document = {}, options: Document = {}): Promise<unknown> {
    return this.#ask('distinct', { key, filter, options })
  }
}

/** Like the driver, gives a document its _id on the author's own object, so that it can be used after the insert. */
function withId(document: Document): Document {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw new TypeError('A document is an object.')
  document._id ??= new ObjectId()
  return document
}

const onlyDatabase = {
  collection(name: string): Collection {
    if (typeof name !== 'string' || name === '') throw new TypeError('A collection has a name.')
    return new Collection(name)
  },
}

/** The environment's one database. */
export function database(name?: unknown): typeof onlyDatabase {
  if (name !== undefined) {
    throw Object.assign(new Error('A function reaches the database of its own environment only: call imp.db() without a name.'), {
      code: 'DATA_ACCESS_REFUSED',
    })
  }
  return onlyDatabase
}
