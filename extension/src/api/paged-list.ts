import type { Page } from '@imprun/contracts'
import { ImprunError, isImprunError } from '@imprun/contracts/errors'

export interface PagedListPorts<Item> {
  fetchPage(cursor: string | undefined): Promise<Page<Item>>
  keyOf(item: Item): string
  compare(a: Item, b: Item): number
  /** Whether an item that an event brings belongs to this list, as its filter stands. */
  accepts?(item: Item): boolean
  /** With a key when only that item is another one; without when items came, went or moved. */
  onChange(key?: string): void
}

/** One list of the backend as far as it was read, kept true by events in between. */
export class PagedList<Item> {
  readonly #ports: PagedListPorts<Item>
  #items: Item[] = []
  #nextCursor: string | undefined
  #loading: Promise<void> | undefined
  #isLoaded = false
  #isExpired = false
  #pages = 1
  /** What events said while a page was on its way; told again once it is here, or the older answer would win. */
  #late: (() => void)[] = []
  #loadsInFlight = 0
  /** Rises with every reset, so that an answer to an older question is thrown away. */
  #generation = 0

  constructor(ports: PagedListPorts<Item>) {
    this.#ports = ports
  }

  get items(): readonly Item[] {
    return this.#items
  }
  get hasMore(): boolean {
    return this.#nextCursor !== undefined
  }
  get isLoaded(): boolean {
    return this.#isLoaded
  }
  /** It was read, and nothing says that it is to be read again. */
  get isCurrent(): boolean {
    return this.#isLoaded && !this.#isExpired
  }

  /** @throws ImprunError when the backend refuses or is away; the next call tries again. */
  async ensureLoaded(): Promise<readonly Item[]> {
    if (!this.#isLoaded) {
      this.#loading ??= this.#load(this.#pages).finally(() => {
        this.#loading = undefined
      })
      await this.#loading
    } else if (this.#isExpired) {
      this.#isExpired = false
      // What is known is shown meanwhile, and stays when no answer comes.
      void this.reload().catch(() => {
        this.#isExpired = true
      })
    }
    return this.#items
  }

  async loadMore(): Promise<void> {
    if (!this.#nextCursor) return
    const generation = this.#generation
    const page = await this.#ports.fetchPage(this.#nextCursor)
    if (generation !== this.#generation) return
    this.#pages++
    this.#take(page)
    this.#ports.onChange()
  }

  /** Reads again as many pages as were read before; what is shown stays until the answer is here. */
  async reload(): Promise<void> {
    this.#generation++
    await this.#load(this.#pages)
  }

  /** Has it read again by whoever looks at it next, and tells those who look at it now. */
  expire(): void {
    if (!this.#isLoaded) return
    this.#isExpired = true
    this.#ports.onChange()
  }

  reset(): void {
    this.#generation++
    this.#items = []
    this.#nextCursor = undefined
    this.#isLoaded = false
    this.#pages = 1
    this.#ports.onChange()
  }

  find(key: string): Item | undefined {
    return this.#items.find((item) => this.#ports.keyOf(item) === key)
  }

  /** An item behind the last page read is left to that page. */
  upsert(item: Item): void {
    if (this.#loadsInFlight > 0) this.#late.push(() => this.upsert(item))
    if (!this.#isLoaded) return
    const { keyOf, compare, accepts, onChange } = this.#ports
    const before = this.#items.map(keyOf)
    const others = this.#items.filter((other) => keyOf(other) !== keyOf(item))
    const last = others.at(-1)
    const isWithin = this.#nextCursor === undefined || (last !== undefined && compare(item, last) < 0)
    this.#items = (accepts?.(item) ?? true) && isWithin ? [...others, item].sort(compare) : others
    const isInPlace = this.#items.length === before.length && this.#items.every((other, index) => keyOf(other) === before[index])
    onChange(isInPlace ? keyOf(item) : undefined)
  }

  remove(key: string): void {
    if (this.#loadsInFlight > 0) this.#late.push(() => this.remove(key))
    const before = this.#items.length
    this.#items = this.#items.filter((item) => this.#ports.keyOf(item) !== key)
    if (this.#items.length !== before) this.#ports.onChange()
  }

  async #load(pages: number): Promise<void> {
    this.#loadsInFlight++
    try {
      await this.#readPages(pages)
    } finally {
      this.#loadsInFlight--
      if (this.#loadsInFlight === 0) for (const tell of this.#late.splice(0)) tell()
    }
  }

  async #readPages(pages: number): Promise<void> {
    const generation = this.#generation
    const items: Item[] = []
    let cursor: string | undefined
    for (let page = 0; page < pages; page++) {
      const answer = await this.#ports.fetchPage(cursor).catch((error: unknown) => {
        throw isImprunError(error) ? error : new ImprunError('INTERNAL', 'The list could not be read.', { cause: error })
      })
      if (generation !== this.#generation) return
      items.push(...answer.items)
      cursor = answer.nextCursor
      if (!cursor) break
    }
    this.#items = []
    this.#isLoaded = true
    this.#take({ items, nextCursor: cursor })
    this.#ports.onChange()
  }

  #take({ items, nextCursor }: Page<Item>): void {
    const byKey = new Map(this.#items.concat(items).map((item) => [this.#ports.keyOf(item), item]))
    this.#items = [...byKey.values()].sort(this.#ports.compare)
    this.#nextCursor = nextCursor
  }
}
