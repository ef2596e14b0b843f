import type { Collection, Db, MongoClient } from 'mongodb'

/** A function may name collections without end. */
const collectionsMax = 1000

/**
 * The environment's database as the driver knows it. The driver's objects for it and its collections are kept: making them anew for each operation costs as
 * much as the whole rest of the bridge (measured: 30 us).
 */
export class Database {
  readonly #connect: () => MongoClient
  readonly #name: string
  readonly #collections = new Map<string, Collection>()
  #client: MongoClient | undefined
  #db: Db | undefined

  /** @param connect called when something is first asked for */
  constructor(connect: () => MongoClient, name: string) {
    this.#connect = connect
    this.#name = name
  }
  get client(): MongoClient {
    this.#client ??= this.#connect()
    return this.#client
  }
  get db(): Db {
    this.#db ??= this.client.db(this.#name)
    return this.#db
  }
  collection(name: string): Collection {
    const known = this.#collections.get(name)
    if (known !== undefined) return known
    if (this.#collections.size >= collectionsMax) this.#collections.clear()
    const made = this.db.collection(name)
    this.#collections.set(name, made)
    return made
  }
}
