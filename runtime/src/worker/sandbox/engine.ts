/** The sandbox as the worker sees it. One implementation knows isolated-vm; nothing else in the project may import it. */
export interface Engine {
  /** @param memoryMb the isolate is disposed of when its heap outgrows this */
  createIsolate(memoryMb: number): SandboxIsolate
}

export interface SandboxIsolate {
  readonly memoryMb: number
  /** True once memory ran out; every context of it is gone. */
  readonly isDisposed: boolean
  /** A hardened context with the guest in place and no author's code. */
  createContext(): SandboxContext
  dispose(): void
}

/** What the guest may call. It must not throw: an exception would carry the host's stack into the guest. */
export type HostFunction = (code: number, ...values: unknown[]) => string | number | boolean | undefined

/** What the guest waits for, see `resumeCodes`. */
export interface Resumption {
  code: number
  number: number
  payload: string | Uint8Array
}

/** One function version's world. Every entry runs at most `timeoutMs` (and a fiftieth of it) and throws an `EntryError` when it does not come back properly. */
export interface SandboxContext {
  /** Set by whoever takes the blank context, before anything of an author runs. */
  host: HostFunction
  /** The function's number in frames, for whoever asks which one runs. Set with `host`. */
  functionIndex: number
  /** The isolate is gone, and this context with it. */
  readonly isLost: boolean
  /** @throws CodeSyntaxError */
  compile(code: string, scriptName: string): SandboxScript
  /**
   * @param carry what a middleware before it hands on, a Carry as JSON
   * @returns the whole answer when the function gave it before its first await, else undefined
   */
  run(call: number, meta: string, body: string, timeoutMs: number, carry?: string): string | undefined
  /** @param more what is resumed in the same entry, after the first */
  resume(code: number, number: number, payload: string | Uint8Array, timeoutMs: number, more?: readonly Resumption[]): void
  control(code: number, argument: string | number, timeoutMs: number): string | number | undefined
  /** The context's memory is free when nothing of it runs. */
  release(): void
}

export interface SandboxScript {
  run(timeoutMs: number): void
}

/** Line and column are 1-based and those of the compiled code. */
export class CodeSyntaxError extends Error {
  readonly line: number | undefined
  readonly column: number | undefined
  constructor(message: string, line: number | undefined, column: number | undefined) {
    super(message)
    this.name = 'CodeSyntaxError'
    this.line = line
    this.column = column
  }
}

/**
 * timed-out: the entry ran longer than it may; what it had queued is lost. out-of-memory: the isolate is gone with all its contexts.
 * stray: a promise was rejected and nobody handled it. The entry itself went well, but its value is lost (`controlCodes.takeAnswer` has it).
 */
export type EntryFailure = 'timed-out' | 'out-of-memory' | 'stray'

export class EntryError extends Error {
  readonly failure: EntryFailure
  /** Of the stray error, or where the time ran out. */
  readonly guestStack: string
  constructor(failure: EntryFailure, message: string, guestStack: string) {
    super(message)
    this.name = 'EntryError'
    this.failure = failure
    this.guestStack = guestStack
  }
}
