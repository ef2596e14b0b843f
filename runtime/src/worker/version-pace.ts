import type { PacedEntries } from './paced-entries.ts'

/** A function that computes too long once may have met an unusual input; one that does it again soon holds everybody up. */
export const stopsApartMsMax = 60_000

/** What a version's stops lead to: from the first one on its entries are paced; the second within a minute, and each after that, is one too many. */
export class VersionPace {
  readonly #entries: PacedEntries
  readonly #onTooMany: () => void
  readonly #nowMs: () => number
  #stoppedAtMs: number | undefined

  constructor(entries: PacedEntries, onTooMany: () => void, nowMs = () => performance.now()) {
    this.#entries = entries
    this.#onTooMany = onTooMany
    this.#nowMs = nowMs
  }
  /** Asked before each entry. */
  get isPaced(): boolean {
    return this.#stoppedAtMs !== undefined && this.#nowMs() - this.#stoppedAtMs < stopsApartMsMax
  }
  /** In one of the next turns, after the entries that were added before it. */
  enterLater(entry: () => void): void {
    this.#entries.add(entry)
  }
  /** An entry ran too long and was stopped. */
  onStopped(): void {
    const isTooMany = this.isPaced
    this.#stoppedAtMs = this.#nowMs()
    if (isTooMany) this.#onTooMany()
  }
}
