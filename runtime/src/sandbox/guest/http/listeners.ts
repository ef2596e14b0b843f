import { describeFailure } from '../failure.ts'
import { log } from '../log.ts'

type Listener = (...values: unknown[]) => unknown
interface Registered {
  readonly event: string
  readonly listener: Listener
  readonly isOnce: boolean
}

/** As much of Node's event emitter as handlers use on `req` and `res`. */
export class Listeners {
  #registered: Registered[] | undefined

  get hasListeners(): boolean {
    return this.#registered !== undefined
  }
  on(event: string, listener: Listener): this {
    return this.#add(event, listener, false)
  }
  addListener(event: string, listener: Listener): this {
    return this.#add(event, listener, false)
  }
  once(event: string, listener: Listener): this {
    return this.#add(event, listener, true)
  }
  off(event: string, listener: Listener): this {
    this.#registered = this.#registered?.filter((entry) => entry.event !== event || entry.listener !== listener)
    return this
  }
  removeListener(event: string, listener: Listener): this {
    return this.off(event, listener)
  }
  removeAllListeners(event?: string): this {
    this.#registered = event === undefined ? undefined : this.#registered?.filter((entry) => entry.event !== event)
    return this
  }
  listenerCount(event: string): number {
    return this.#registered?.filter((entry) => entry.event === event).length ?? 0
  }
  emit(event: string, ...values: unknown[]): boolean {
    const concerned = this.#registered?.filter((entry) => entry.event === event) ?? []
    for (const { listener, isOnce } of concerned) {
      if (isOnce) this.off(event, listener)
      try {
        listener.call(this, ...values)
      } catch (error) {
        const { message, stack } = describeFailure(error)
        log('error', [`Thrown in a listener of "${event}": ${stack || message}`])
      }
    }
    return concerned.length > 0
  }
  #add(event: string, listener: Listener, isOnce: boolean): this {
    if (typeof listener !== 'function') throw new TypeError('A listener is a function.')
    this.#registered = [...(this.#registered ?? []), { event, listener, isOnce }]
    return this
  }
}
