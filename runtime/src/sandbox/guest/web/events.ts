import { describeFailure } from '../failure.ts'
import { log } from '../log.ts'

type Listener = (event: Event) => unknown
type ListenerLike = Listener | { handleEvent: Listener }
interface Registered {
  readonly listener: ListenerLike
  readonly isOnce: boolean
}
interface ListenerOptions {
  once?: boolean
  /** Aborting it takes the listener away. */
  signal?: { readonly aborted: boolean; addEventListener(type: string, listener: () => void): void }
}

export class Event {
  readonly type: string
  readonly cancelable: boolean
  readonly timeStamp = Date.now()
  target: unknown = null
  defaultPrevented = false
  #isStopped = false
  constructor(type: unknown, { cancelable = false }: { cancelable?: boolean } = {}) {
    this.type = String(type)
    this.cancelable = Boolean(cancelable)
  }
  get currentTarget(): unknown {
    return this.target
  }
  preventDefault(): void {
    if (this.cancelable) this.defaultPrevented = true
  }
  stopPropagation(): void {}
  stopImmediatePropagation(): void {
    this.#isStopped = true
  }
  static isStopped(event: Event): boolean {
    return #isStopped in event && event.#isStopped
  }
}

export class CustomEvent extends Event {
  readonly detail: unknown
  constructor(type: unknown, init: { detail?: unknown; cancelable?: boolean } = {}) {
    super(type, init)
    this.detail = init.detail ?? null
  }
}

/** Listeners of one object: no tree, so no phases and no bubbling. */
export class EventTarget {
  readonly #registered = new Map<string, Registered[]>()
  addEventListener(type: string, listener: ListenerLike | null, options?: ListenerOptions | boolean): void {
    if (listener === null || listener === undefined) return
    const { once, signal } = typeof options === 'object' ? options : {}
    if (signal?.aborted) return
    const known = this.#registered.get(type) ?? []
    if (known.some((entry) => entry.listener === listener)) return
    this.#registered.set(type, [...known, { listener, isOnce: once === true }])
    signal?.addEventListener('abort', () => this.removeEventListener(type, listener))
  }
  removeEventListener(type: string, listener: ListenerLike | null): void {
    const known = this.#registered.get(type)
    if (known === undefined) return
    this.#registered.set(
      type,
      known.filter((entry) => entry.listener !== listener),
    )
  }
  /** A listener that throws does not keep the others from hearing. @returns false when one of them prevented the default */
  dispatchEvent(event: Event): boolean {
    event.target = this
    for (const entry of this.#registered.get(event.type) ?? []) {
      if (entry.isOnce) this.removeEventListener(event.type, entry.listener)
      try {
        if (typeof entry.listener === 'function') entry.listener.call(this, event)
        else entry.listener.handleEvent(event)
      } catch (error) {
        const { message, stack } = describeFailure(error)
        log('error', [`Thrown in a listener of "${event.type}": ${stack || message}`])
      }
      if (Event.isStopped(event)) break
    }
    return !event.defaultPrevented
  }
}
