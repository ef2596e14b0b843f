import type { Call } from './call.ts'

/** Waiting calls of one function at its limit. Beyond it the caller is told to come back. */
export const heldCallsMax = 200

/** Calls that wait because as many of their function run as may. Each function has a line of its own, so that no other function waits behind it. */
export class HeldCalls {
  /** By function index. */
  readonly #lines = new Map<number, Call[]>()
  #count = 0

  get callCount(): number {
    return this.#count
  }
  /** @returns false when the function's line is full */
  add(call: Call): boolean {
    const { index } = call.entry
    const line = this.#lines.get(index) ?? []
    if (line.length >= heldCallsMax) return false
    line.push(call)
    this.#lines.set(index, line)
    this.#count += 1
    return true
  }
  /** Takes those that came first. */
  take(index: number, countMax: number): Call[] {
    const line = this.#lines.get(index)
    if (line === undefined || countMax <= 0) return []
    const taken = line.splice(0, countMax)
    if (line.length === 0) this.#lines.delete(index)
    this.#count -= taken.length
    return taken
  }
  takeAll(): Call[] {
    return [...this.#lines.keys()].flatMap((index) => this.take(index, Number.POSITIVE_INFINITY))
  }
  keepOnly(isKept: (call: Call) => boolean): void {
    for (const [index, line] of this.#lines) {
      const kept = line.filter(isKept)
      this.#count -= line.length - kept.length
      if (kept.length === 0) this.#lines.delete(index)
      else this.#lines.set(index, kept)
    }
  }
}
