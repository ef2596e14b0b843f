import type { Document } from '../../bson/bson-format.ts'
import { readDocuments } from '../../bson/bson-reader.ts'
import { askWith } from './options.ts'
import { askHost, type Payload, readAll } from './tickets.ts'

interface Batch {
  /** The host's number of the open cursor; 0 when it has given everything. */
  cursor: number
  documents: Document[]
}

/** Documents that are fetched when the first one is wanted. `toArray` on an unread cursor fetches everything in one crossing. */
export abstract class Cursor {
  readonly #transforms: ((document: unknown) => unknown)[] = []
  #waiting: Document[] = []
  #open: number | undefined
  #isClosed = false

  protected abstract fetchAll(): Promise<Document[]>
  protected abstract fetchFirst(): Promise<Batch>
  protected abstract fetchMore(cursor: number): Promise<Batch>

  /** @throws Error when reading has begun */
  protected assertUnread(name: string): void {
    if (this.#open !== undefined || this.#isClosed) throw new Error(`${name}() must be called before the cursor is read.`)
  }
  get closed(): boolean {
    return this.#isClosed
  }
  map(transform: (document: unknown) => unknown): this {
    this.assertUnread('map')
    this.#transforms.push(transform)
    return this
  }
  async toArray(): Promise<unknown[]> {
    if (this.#isClosed) return []
    if (this.#open !== undefined) return Array.fromAsync(this)
    this.#isClosed = true
    const documents = await this.fetchAll()
    return this.#transforms.length === 0 ? documents : documents.map((document) => this.#transformed(document))
  }
  async hasNext(): Promise<boolean> {
    while (this.#waiting.length === 0 && !this.#isClosed && this.#open !== 0) await this.#fetch()
    return this.#waiting.length > 0
  }
  async next(): Promise<unknown> {
    return (await this.hasNext()) ? this.#take() : null
  }
  tryNext(): Promise<unknown> {
    return this.next()
  }
  async forEach(visit: (document: unknown) => unknown): Promise<void> {
    for await (const document of this) if (visit(document) === false) return
  }
  bufferedCount(): number {
    return this.#waiting.length
  }
  /** Begins again with the first document. */
  rewind(): void {
    this.#letGo().catch(() => undefined)
    this.#open = undefined
    this.#isClosed = false
  }
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#letGo()
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    try {
      while (await this.hasNext()) yield this.#take()
    } finally {
      await this.close()
    }
  }

  #take(): unknown {
    return this.#transformed(this.#waiting.shift() as Document)
  }
  #transformed(document: Document): unknown {
    return this.#transforms.reduce<unknown>((value, transform) => transform(value), document)
  }
  async #fetch(): Promise<void> {
    const { cursor, documents } = await (this.#open === undefined ? this.fetchFirst() : this.fetchMore(this.#open))
    this.#open = cursor
    this.#waiting = documents
  }
  async #letGo(): Promise<void> {
    this.#waiting = []
    const open = this.#open
    this.#open = 0
    if (open) await askHost('close', '', { cursor: open }, () => undefined)
  }
}

/** A cursor that the server keeps open for us. */
export abstract class ServerCursor extends Cursor {
  readonly #operation: 'find' | 'aggregate'
  readonly #collection: string
  readonly #options: Document

  constructor(operation: 'find' | 'aggregate', collection: string, options: Document | undefined) {
    super()
    this.#operation = operation
    this.#collection = collection
    this.#options = { ...options }
  }
  protected abstract get values(): Document

  protected option(name: string, value: unknown): this {
    this.assertUnread(name)
    this.#options[name] = value
    return this
  }
  protected get options(): Document {
    return this.#options
  }
  batchSize(count: number): this {
    return this.option('batchSize', count)
  }
  maxTimeMS(milliseconds: number): this {
    return this.option('maxTimeMS', milliseconds)
  }
  collation(collation: unknown): this {
    return this.option('collation', collation)
  }
  hint(index: unknown): this {
    return this.option('hint', index)
  }
  comment(comment: unknown): this {
    return this.option('comment', comment)
  }
  allowDiskUse(isAllowed = true): this {
    return this.option('allowDiskUse', isAllowed)
  }

  protected fetchAll(): Promise<Document[]> {
    return askWith(this.#operation, this.#collection, { ...this.values, isWhole: true }, this.#options, readAll)
  }
  protected fetchFirst(): Promise<Batch> {
    return askWith(this.#operation, this.#collection, this.values, this.#options, readBatch)
  }
  protected fetchMore(cursor: number): Promise<Batch> {
    return askHost('more', this.#collection, { cursor }, readBatch)
  }
}

/** A batch is one document that tells the open cursor's number, then the batch's own. */
function readBatch(payload: Payload): Batch {
  const [head, ...documents] = readDocuments(payload)
  return { cursor: Number(head?.cursor), documents }
}

/** A short list of the server's that comes at once, in the shape of a cursor. */
export class ListCursor extends Cursor {
  readonly #list: () => Promise<Document[]>
  constructor(list: () => Promise<Document[]>) {
    super()
    this.#list = list
  }
  protected fetchAll(): Promise<Document[]> {
    return this.#list()
  }
  protected async fetchFirst(): Promise<Batch> {
    return { cursor: 0, documents: await this.#list() }
  }
  protected fetchMore(): Promise<Batch> {
    return Promise.resolve({ cursor: 0, documents: [] })
  }
}
