export type AbortReason = 'caller' | 'deadline'

/**
 * Calls that nobody waits for any more, of one version. When the caller went away the function hears it and may finish what it does, as in any server; when
 * its time is up too, what it still waits for fails, so that code does not run on for nobody.
 */
export class AbandonedCalls {
  readonly #tell: (callNumber: number, reason: AbortReason) => void
  readonly #untilDeadline = new Set<NodeJS.Timeout>()

  constructor(tell: (callNumber: number, reason: AbortReason) => void) {
    this.#tell = tell
  }
  /** @param startedAtMs by `performance.now()` */
  add(callNumber: number, startedAtMs: number, timeoutMs: number): void {
    const leftMs = startedAtMs + timeoutMs - performance.now()
    if (leftMs <= 0) return this.#tell(callNumber, 'deadline')
    const timer = setTimeout(() => {
      this.#untilDeadline.delete(timer)
      this.#tell(callNumber, 'deadline')
    }, leftMs)
    this.#untilDeadline.add(timer)
    this.#tell(callNumber, 'caller')
  }
  close(): void {
    for (const timer of this.#untilDeadline) clearTimeout(timer)
    this.#untilDeadline.clear()
  }
}
