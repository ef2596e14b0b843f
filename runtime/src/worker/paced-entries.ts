/**
 * Entries into versions that have held the worker up, one in each turn of its loop. What has come in meanwhile is served between two of them, so that a
 * function that computes for too long in each of many calls makes the others wait for one of its entries at a time.
 */
export class PacedEntries {
  readonly #flush: () => void
  readonly #waiting: (() => void)[] = []
  #isArmed = false

  /** @param flush called before each entry: answers that were given in this turn do not wait for its end */
  constructor(flush: () => void) {
    this.#flush = flush
  }
  add(entry: () => void): void {
    this.#waiting.push(entry)
    this.#arm()
  }
  #arm(): void {
    if (this.#isArmed || this.#waiting.length === 0) return
    this.#isArmed = true
    // What is added while frames are read would be entered right behind them: the loop looks for more of them before the second of two.
    setImmediate(() => setImmediate(() => this.#enterNext()))
  }
  #enterNext(): void {
    this.#isArmed = false
    this.#flush()
    this.#waiting.shift()?.()
    this.#arm()
  }
}
