import { decode, decodeAll } from './bson.ts'
import { askHost } from './tickets.ts'

type Document = Record<string, unknown>

/** A query or pipeline that runs when its first document is wanted. `toArray` on an unread cursor fetches everything in one crossing. */
export class Cursor {
  readonly #operation: 'find' | 'aggregate'
  readonly #collection: string
  readonly #values: Document
  readonly #options: Document
  readonly #transforms: ((document: Document) => unknown)[] = []
  #waiting: Document[] = []
  /** The host's number of the open cursor; 0 when it has given everything. */
  #open: number | undefined
  #isClosed = false

  constructor(operation: 'find' | 'aggregate', collection: string, values: Document, options: Document) {
    this.#operation = operation
    this.#collection = collection
    this.#values = values
    this.#options = { ...options }
  }
  #option(name: string, value: unknown): this {
    if (this.#open !== undefined) throw new Error(`${name}() must be called before the cursor is read.`)
    this.#options[name] = value
    return this
  }
  sort(order: unknown, direction?: unknown): this {
    return this.#option('sort', typeof order === 'string' ? { [order]: direction ?? 1 } : order)
  }
  limit(count: number): this {
    return this.#option('limit', count)
  }
  skip(count: number): this {
    return this.#option('skip', count)
  }
  project(projection: unknown): this {
    return this.#option('projection', projection)
  }
  hint(index: unknown): this {
    return this.#option('hint', index)
  }
  collation(collation: unknown): this {
    return this.#option('collation', collation)
  }
  batchSize(count: number): this {
    return this.#option('batchSize', count)
  }
  maxTimeMS(milliseconds: number): this {
    return this.#option('maxTimeMS', milliseconds)
  }
  map(transform: (document: Document) => unknown): this {
    this.#transforms.push(transform)
    return this
  }

  async toArray(): Promise<unknown[]> {
    if (this.#isClosed) return []
    if (this.#open !== undefined) return Array.fromAsync(this)
    this.#isClosed = true
    const bytes = await askHost(this.#operation, this.#collection, { ...this.#values, options: this.#options, isWhole: true })
    return decodeAll(bytes).map((document) => this.#transformed(document))
  }
  async hasNext(): Promise<boolean> {
    while (this.#waiting.length === 0 && !this.#isClosed && this.#open !== 0) await this.#fetch()
    return this.#waiting.length > 0
  }
  async next(): Promise<unknown> {
    if (!(await this.hasNext())) return null
    return this.#transformed(this.#waiting.shift() as Document)
  }
  async forEach(visit: (document: unknown) => unknown): Promise<void> {
    for await (const document of this) if (visit(document) === false) return
  }
  async close(): Promise<void> {
    this.#isClosed = true
    this.#waiting = []
    const open = this.#open
    this.#open = 0
    if (open) await askHost('close', this.#collection, { cursor: open })
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    try {
      while (await this.hasNext()) yield this.#transformed(this.#waiting.shift() as Document)
    } finally {
      await this.close()
    }
  }

  #transformed(document: Document): unknown {
    return this.#transforms.reduce<unknown>((value, transform) => transform(value as Document), document)
  }
  /** A batch is one document that tells the open cursor's number, then the batch's own. */
  async #fetch(): Promise<void> {
    const isFirst = this.#open === undefined
    const bytes = isFirst
      ? await askHost(this.#operation, this.#collection, { ...this.#values, options: this.#options, isWhole: false })
      : await askHost('more', this.#collection, { cursor: this.#open })
    const headLength = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true)
    this.#open = decode(bytes.subarray(0, headLength)).cursor as number
    this.#waiting = decodeAll(bytes.subarray(headLength))
  }
}
