import type { Document } from '../../bson/bson-format.ts'
import { ServerCursor } from './cursor.ts'
import { askWith } from './options.ts'
import { readValue } from './tickets.ts'

export class FindCursor extends ServerCursor {
  readonly #collection: string
  #filter: Document

  constructor(collection: string, filter: Document, options: Document | undefined) {
    super('find', collection, options)
    this.#collection = collection
    this.#filter = filter
  }
  protected get values(): Document {
    return { filter: this.#filter }
  }
  filter(filter: Document): this {
    this.assertUnread('filter')
    this.#filter = filter
    return this
  }
  /** @param order a document, a field name, or a list of names or [name, direction] pairs */
  sort(order: unknown, direction?: unknown): this {
    return this.option('sort', typeof order === 'string' ? { [order]: direction ?? 1 } : order)
  }
  limit(count: number): this {
    return this.option('limit', count)
  }
  skip(count: number): this {
    return this.option('skip', count)
  }
  project(projection: unknown): this {
    return this.option('projection', projection)
  }
  min(bound: unknown): this {
    return this.option('min', bound)
  }
  max(bound: unknown): this {
    return this.option('max', bound)
  }
  returnKey(isWanted: boolean): this {
    return this.option('returnKey', isWanted)
  }
  showRecordId(isWanted: boolean): this {
    return this.option('showRecordId', isWanted)
  }
  count(options: Document = {}): Promise<unknown> {
    return askWith('countDocuments', this.#collection, { filter: this.#filter }, { ...this.options, ...options }, readValue)
  }
  clone(): FindCursor {
    return new FindCursor(this.#collection, this.#filter, this.options)
  }
}
