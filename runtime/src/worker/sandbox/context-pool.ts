import type { Engine, SandboxContext, SandboxIsolate } from './engine.ts'

/** A context takes about a millisecond to make, and a publish or a first call should not wait for it. */
const blanksKept = 2
/** Blanks are made a little after the use of one, so that its answer and the waiting calls go first, and singly, so that calls come between. */
const refillDelayMs = 3

/** One environment's isolate with a few blank contexts made ahead. */
export class ContextPool {
  readonly #engine: Engine
  readonly #onLost: () => void
  #isolate: SandboxIsolate
  #blanks: SandboxContext[] = []
  #refill: NodeJS.Timeout | undefined

  /** @param onLost there was no room for one more context, and all that were taken are gone */
  constructor(engine: Engine, memoryMb: number, onLost: () => void) {
    this.#engine = engine
    this.#onLost = onLost
    this.#isolate = engine.createIsolate(memoryMb)
    while (this.#isLacking) this.#blanks.push(this.#isolate.createContext())
  }
  /** Called before any context was taken. */
  setMemory(memoryMb: number): void {
    if (memoryMb !== this.#isolate.memoryMb) this.#renew(memoryMb)
  }
  take(): SandboxContext {
    if (this.#isolate.isDisposed) this.#renew(this.#isolate.memoryMb)
    const context = this.#blanks.pop() ?? this.#create() ?? this.#isolate.createContext()
    this.#refillLater()
    return context
  }
  /** @returns none where the memory that the others left was too little. By then it was given up, and there is a new one. */
  #create(): SandboxContext | undefined {
    try {
      return this.#isolate.createContext()
    } catch {
      // V8 ends an isolate that is full, and its functions with it; whatever else went wrong in there is no ground to go on in it.
      this.#renew(this.#isolate.memoryMb)
      this.#onLost()
      return undefined
    }
  }
  get #isLacking(): boolean {
    return !this.#isolate.isDisposed && this.#blanks.length < blanksKept
  }
  #refillLater(): void {
    this.#refill ??= setTimeout(() => {
      this.#refill = undefined
      if (!this.#isLacking) return
      const blank = this.#create()
      if (blank !== undefined) this.#blanks.push(blank)
      this.#refillLater()
    }, refillDelayMs)
  }
  #renew(memoryMb: number): void {
    this.#isolate.dispose()
    this.#blanks = []
    this.#isolate = this.#engine.createIsolate(memoryMb)
  }
}
