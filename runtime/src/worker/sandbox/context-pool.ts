import type { Engine, SandboxContext, SandboxIsolate } from './engine.ts'

/** A context takes about a millisecond to make, and a publish or a first call should not wait for it. */
const blanksKept = 2
/** Blanks are made a little after the use of one, so that its answer and the waiting calls go first, and singly, so that calls come between. */
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
    while (this.#isLacking) this.#makeBlank()
  }
  /** Called before any context was taken. */
  setMemory(memoryMb: number): void {
    if (memoryMb !== this.#isolate.memoryMb) this.#renew(memoryMb)
  }
  take(): SandboxContext {
    if (this.#isolate.isDisposed) this.#renew(this.#isolate.memoryMb)
    const context = this.#blanks.pop() ?? this.#isolate.createContext()
    this.#refillLater()
    return context
  }
  get #isLacking(): boolean {
    return !this.#isolate.isDisposed && this.#blanks.length < blanksKept
  }
  #makeBlank(): void {
    this.#blanks.push(this.#isolate.createContext())
  }
  #refillLater(): void {
    this.#refill ??= setTimeout(() => {
      this.#refill = undefined
      if (!this.#isLacking) return
      this.#makeBlank()
      this.#refillLater()
    }, refillDelayMs)
  }
  #renew(memoryMb: number): void {
    this.#isolate.dispose()
    this.#blanks = []
    this.#isolate = this.#engine.createIsolate(memoryMb)
  }
}
