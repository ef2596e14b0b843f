import { timerGlobals } from '../timers.ts'

type Listener = (event: { type: string; target: unknown }) => void
interface Registered {
  readonly listener: Listener | { handleEvent: Listener }
  readonly isOnce: boolean
}

/** Enough of EventTarget for AbortSignal: one phase, no bubbling. */
export class EventTarget {
  readonly #registered = new Map<string, Registered[]>()
  addEventListener(type: string, listener: Registered['listener'] | null, options?: { once?: boolean } | boolean): void {
    if (listener === null || listener === undefined) return
    const known = this.#registered.get(type) ?? []
    if (known.some((entry) => entry.listener === listener)) return
    this.#registered.set(type, [...known, { listener, isOnce: typeof options === 'object' && options.once === true }])
  }
  removeEventListener(type: string, listener: Registered['listener'] | null): void {
    const known = this.#registered.get(type)
    if (known)
      this.#registered.set(
        type,
        known.filter((entry) => entry.listener !== listener),
      )
  }
  dispatchEvent(event: { type: string; target?: unknown }): boolean {
    for (const entry of this.#registered.get(event.type) ?? []) {
      if (entry.isOnce) this.removeEventListener(event.type, entry.listener)
      const heard = Object.assign(event, { target: this })
      if (typeof entry.listener === 'function') entry.listener.call(this, heard)
      else entry.listener.handleEvent(heard)
    }
    return true
  }
}

export class Event {
  readonly type: string
  constructor(type: string) {
    this.type = String(type)
  }
}

function abortError(name: string, message: string): Error {
  const error = new Error(message)
  error.name = name
  return error
}

export class AbortSignal extends EventTarget {
  aborted = false
  reason: unknown
  onabort: Listener | null = null
  throwIfAborted(): void {
    if (this.aborted) throw this.reason
  }
  static abort(reason?: unknown): AbortSignal {
    const controller = new AbortController()
    controller.abort(reason)
    return controller.signal
  }
  static timeout(delayMs: number): AbortSignal {
    const controller = new AbortController()
    timerGlobals.setTimeout(() => controller.abort(abortError('TimeoutError', 'The operation timed out.')), delayMs)
    return controller.signal
  }
  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const controller = new AbortController()
    for (const signal of signals) {
      if (signal.aborted) controller.abort(signal.reason)
      else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true })
    }
    return controller.signal
  }
}

export class AbortController {
  readonly signal = new AbortSignal()
  abort(reason: unknown = abortError('AbortError', 'This operation was aborted.')): void {
    if (this.signal.aborted) return
    this.signal.aborted = true
    this.signal.reason = reason
    const event = { type: 'abort', target: this.signal }
    this.signal.onabort?.(event)
    this.signal.dispatchEvent(event)
  }
}
