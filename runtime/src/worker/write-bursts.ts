/** What a function may write before others have their turn. More than a slow caller's connection takes at once anyway. */
const burstBytesMax = 512 * 1024
/** What a piece counts for beside its bytes: its way out of the isolate. */
const pieceBytes = 128

/**
 * Lets the loop turn between bursts of streamed answers. A function that writes without a pause is one long entry otherwise, in which nobody else is served
 * and the word that its caller is slow cannot come in.
 */
export class WriteBursts {
  readonly #goOn: (callNumber: number) => void
  #bytes = 0
  #waiting: Set<number> | undefined

  /** @param goOn called in the next turn for each call that was told to wait */
  constructor(goOn: (callNumber: number) => void) {
    this.#goOn = goOn
  }
  /** @returns false when the call has to wait for the next turn */
  add(callNumber: number, bytes: number): boolean {
    this.#bytes += bytes + pieceBytes
    if (this.#bytes <= burstBytesMax) return true
    this.#waiting ??= this.#endWithTurn()
    this.#waiting.add(callNumber)
    return false
  }
  #endWithTurn(): Set<number> {
    const waiting = new Set<number>()
    setImmediate(() => {
      this.#bytes = 0
      this.#waiting = undefined
      for (const callNumber of waiting) this.#goOn(callNumber)
    })
    return waiting
  }
}
