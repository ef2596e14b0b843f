import type { Disposable } from './disposables.ts'

export type Listener<Value> = (value: Value) => void
/** The same shape as an event of VS Code, so that either can be handed to code that only listens. */
export type Listen<Value> = (listener: Listener<Value>) => Disposable

/** An event source for code that must run without VS Code. */
export class Emitter<Value> implements Disposable {
  readonly #listeners = new Set<Listener<Value>>()

  readonly event: Listen<Value> = (listener) => {
    this.#listeners.add(listener)
    return { dispose: () => this.#listeners.delete(listener) }
  }

  fire(value: Value): void {
    for (const listener of [...this.#listeners]) listener(value)
  }

  dispose(): void {
    this.#listeners.clear()
  }
}
