import { timerGlobals } from '../timers.ts'
import { DOMException } from './dom-exception.ts'
import { Event, EventTarget } from './events.ts'

/** For imprun itself; an author aborts through the controller. */
export let abortSignal: (signal: AbortSignal, reason: unknown) => void

export class AbortSignal extends EventTarget {
  #reason: unknown
  #isAborted = false
  onabort: ((event: Event) => unknown) | null = null

  static {
    abortSignal = (signal, reason) => {
      if (signal.#isAborted) return
      signal.#isAborted = true
      signal.#reason = reason ?? new DOMException('This operation was aborted.', 'AbortError')
      const event = new Event('abort')
      if (typeof signal.onabort === 'function') signal.addEventListener('abort', signal.onabort, { once: true })
      signal.dispatchEvent(event)
    }
  }
  get aborted(): boolean {
    return this.#isAborted
  }
  get reason(): unknown {
    return this.#reason
  }
  throwIfAborted(): void {
    if (this.#isAborted) throw this.#reason
  }
  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal()
    abortSignal(signal, reason)
    return signal
  }
  static timeout(delayMs: number): AbortSignal {
    const signal = new AbortSignal()
    timerGlobals.setTimeout(() => abortSignal(signal, new DOMException('The operation timed out.', 'TimeoutError')), delayMs)
    return signal
  }
  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const signal = new AbortSignal()
    for (const each of signals) {
      if (each.aborted) abortSignal(signal, each.reason)
      else each.addEventListener('abort', () => abortSignal(signal, each.reason), { once: true, signal })
    }
    return signal
  }
  get [Symbol.toStringTag](): string {
    return 'AbortSignal'
  }
}

export class AbortController {
  readonly signal = new AbortSignal()
  abort(reason?: unknown): void {
    abortSignal(this.signal, reason)
  }
  get [Symbol.toStringTag](): string {
    return 'AbortController'
  }
}
