import type { Engine, SandboxContext, SandboxIsolate } from './engine.ts'

/** A context takes about a millisecond to make, and a publish should not wait for it. */
const blanksKept = 2
/** Blanks are made a little after the publish that used one, so that its answer and the waiting calls go first. */
const refillDelayMs = 3

/** One environment's isolate with a few blank contexts made ahead. */
export class ContextPool {
  readonly #engine: Engine
  #isolate: SandboxIsolate
  #blanks: SandboxContext[] = []
  #refill: NodeJS.Timeout | undefined

  constructor(engine: Engine, memoryMb: number) {
    this.#engine = engine
    this.#isolate = engine.createIsolate(memoryMb)
    this.#blanks.push(this.#isolate.createContext())
  }
  /** Called before any context was taken. */
  setMemory(memoryMb: number): void {
    if (memoryMb !== this.#isolate.memoryMb) this.#renew(memoryMb)
  }
  take(): SandboxContext {
    if (this.#isolate.isDisposed) this.#renew(this.#isolate.memoryMb)
    this.#refill ??= setTimeout(() => {
      this.#refill = undefined
      while (!this.#isolate.isDisposed && this.#blanks.length < blanksKept) this.#blanks.push(this.#isolate.createContext())
    }, refillDelayMs)
    return this.#blanks.pop() ?? this.#isolate.createContext()
  }
  #renew(memoryMb: number): void {
    this.#isolate.dispose()
    this.#blanks = []
    this.#isolate = this.#engine.createIsolate(memoryMb)
  }
}
