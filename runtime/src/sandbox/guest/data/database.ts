import type { Document } from '../../bson/bson-format.ts'
import { Collection } from './collection.ts'
import { ListCursor } from './cursor.ts'
import { askWith } from './options.ts'
import { ClientSession } from './session.ts'
import { readValue } from './tickets.ts'

type Options = Document | undefined

/** The environment's one database. */
const onlyDatabase = {
  collection(name: string): Collection {
    if (typeof name !== 'string' || name === '') throw new TypeError('A collection has a name.')
    return new Collection(name)
  },
  async createCollection(name: string, options?: Options): Promise<Collection> {
    await askWith('createCollection', name, {}, options ?? {}, readValue)
    return new Collection(name)
  },
  listCollections(filter: Document = {}, options?: Options): ListCursor {
    return new ListCursor(() => askWith('listCollections', '', { filter }, options, readValue) as Promise<Document[]>)
  },
  async collections(options?: Options): Promise<Collection[]> {
    const listed = await askWith('listCollections', '', { filter: {} }, { ...options, nameOnly: true }, readValue)
    return (listed as { name: string }[]).map(({ name }) => new Collection(name))
  },
  dropCollection(name: string, options?: Options): Promise<unknown> {
    return new Collection(name).drop(options)
  },
  renameCollection(from: string, to: string, options?: Options): Promise<Collection> {
    return new Collection(from).rename(to, options)
  },

  startSession(): ClientSession {
    return new ClientSession()
  },
  async withSession<T>(work: (session: ClientSession) => Promise<T>): Promise<T> {
    await using session = new ClientSession()
    return await work(session)
  },
  /** A session with one transaction. @see ClientSession.withTransaction */
  async withTransaction<T>(work: (session: ClientSession) => Promise<T>, options?: Options): Promise<T> {
    await using session = new ClientSession()
    return await session.withTransaction(work, options)
  },
}

export function database(name?: unknown): typeof onlyDatabase {
  if (name !== undefined) {
    throw Object.assign(new Error('A function reaches the database of its own environment only: call imp.db() without a name.'), {
      code: 'DATA_ACCESS_REFUSED',
    })
  }
  return onlyDatabase
}
