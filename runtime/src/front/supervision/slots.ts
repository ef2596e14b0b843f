/**
 * Numbered places for what is in flight, each with a generation. Not a Map: one that is filled and emptied all day is rebuilt again and again, and the
 * garbage of it costs tens of milliseconds of pause under load. An id is `generation << 16 | slot`, so a late answer to a place that was given away finds nobody.
 * Slot 0 is never given away, so no id is 0 in the first generation: a worker's announcement that it is ready carries id 0.
 */
const slotsMax = 0x1_0000

export class Slots<T> {
  #items: (T | undefined)[] = [undefined]
  #generations: number[] = [0]
  #free: number[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** @throws RangeError when 65,535 are in flight; the callers' own bounds are far lower. */
  add(item: T): number {
    let slot = this.#free.pop()
    if (slot === undefined) {
      slot = this.#items.length
      if (slot >= slotsMax) throw new RangeError('All slots are taken.')
      this.#items.push(item)
      this.#generations.push(0)
    } else this.#items[slot] = item
    this.#size += 1
    return (((this.#generations[slot] as number) << 16) | slot) >>> 0
  }

  get(id: number): T | undefined {
    const slot = id & 0xffff
    return this.#generations[slot] === id >>> 16 ? this.#items[slot] : undefined
  }

  /** Does nothing when the id is no longer the holder's. */
  remove(id: number): void {
    const slot = id & 0xffff
    if (this.#generations[slot] !== id >>> 16 || this.#items[slot] === undefined) return
    this.#items[slot] = undefined
    this.#generations[slot] = (id >>> 16) + 1 > 0xffff ? 0 : (id >>> 16) + 1
    this.#free.push(slot)
    this.#size -= 1
  }

  /** A copy, so that the visitor may add and remove. */
  entries(): { id: number; item: T }[] {
    const found: { id: number; item: T }[] = []
    if (this.#size === 0) return found
    for (let slot = 1; slot < this.#items.length; slot++) {
      const item = this.#items[slot]
      if (item !== undefined) found.push({ id: (((this.#generations[slot] as number) << 16) | slot) >>> 0, item })
    }
    return found
  }
}
