const sweepEveryMs = 500
/** Work after the answer is allowed and may still use what its call had opened, but not forget it. */
const idleMsMax = 2_000

export interface HeldRules<T> {
  /** What a function reads when it holds too many. */
  tooMany: string
  max: number
  isCallOpen(call: unknown): boolean
  end(thing: T): Promise<unknown>
}
interface Held<T> {
  thing: T
  call: unknown
  usedAtMs: number
  busy: number
}

/**
 * What a function version keeps open in the database from one step to the next, by the guest's or our number. It ends when its owner says so, when the
 * version ends, or when nobody has used it for a while after its call was over.
 */
export class HeldForCalls<T> {
  readonly #rules: HeldRules<T>
  readonly #held = new Map<number, Held<T>>()
  #sweep: NodeJS.Timeout | undefined

  constructor(rules: HeldRules<T>) {
    this.#rules = rules
  }
  has(number: number): boolean {
    return this.#held.has(number)
  }
  /** @throws RangeError when there are too many */
  add(number: number, call: unknown, thing: () => T): void {
    if (this.#held.size >= this.#rules.max) throw new RangeError(this.#rules.tooMany)
    this.#held.set(number, { thing: thing(), call, usedAtMs: performance.now(), busy: 0 })
    this.#sweep ??= setInterval(() => this.#endForgotten(), sweepEveryMs).unref()
  }
  find(number: number): T | undefined {
    return this.#held.get(number)?.thing
  }
  /** Nothing ends while it is used. */
  async use<R>(number: number, work: (thing: T) => Promise<R>): Promise<R> {
    const held = this.#held.get(number)
    if (held === undefined) throw new Error('It is closed.')
    held.busy++
    try {
      return await work(held.thing)
    } finally {
      held.busy--
      held.usedAtMs = performance.now()
    }
  }
  async end(number: number): Promise<void> {
    const held = this.#held.get(number)
    if (held === undefined) return
    this.#held.delete(number)
    if (this.#held.size === 0) {
      clearInterval(this.#sweep)
      this.#sweep = undefined
    }
    await this.#rules.end(held.thing)
  }
  endAll(): void {
    for (const number of [...this.#held.keys()]) this.end(number).catch(() => undefined)
  }
  #endForgotten(): void {
    const before = performance.now() - idleMsMax
    for (const [number, { call, busy, usedAtMs }] of this.#held) {
      if (busy === 0 && usedAtMs < before && !this.#rules.isCallOpen(call)) this.end(number).catch(() => undefined)
    }
  }
}
