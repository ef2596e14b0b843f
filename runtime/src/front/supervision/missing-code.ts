import type { Log } from '../../platform/log.ts'
import type { Environment, FunctionEntry, FunctionSource } from '../environment.ts'
import type { Call } from './call.ts'

/** The function's compiled code as it is published now; undefined when it no longer is. */
export type FetchSource = (environment: Environment, functionName: string) => Promise<FunctionSource | undefined>

export interface MissingCodeOwner {
  /** The function's code is in memory; these calls waited for it. */
  onCodeHere(calls: Call[]): void
  onCodeMissing(functionIndex: number, calls: Call[], reason: 'FUNCTION_NOT_FOUND' | 'DATABASE_UNAVAILABLE'): void
}

/** Calls of one environment whose function's code is not in memory, while it is read: once per function, however many calls wait. */
export class MissingCode {
  readonly #environment: Environment
  readonly #fetchSource: FetchSource
  readonly #owner: MissingCodeOwner
  readonly #log: Log
  /** By function index. */
  readonly #parked = new Map<number, Call[]>()
  readonly #fetching = new Set<number>()
  #count = 0

  constructor(environment: Environment, ports: { fetchSource: FetchSource; log: Log }, owner: MissingCodeOwner) {
    this.#environment = environment
    this.#fetchSource = ports.fetchSource
    this.#log = ports.log
    this.#owner = owner
  }

  get callCount(): number {
    return this.#count
  }

  /** @param entry whose code the call lacks: its function, or a middleware of it */
  park(call: Call, entry: FunctionEntry): void {
    const calls = this.#parked.get(entry.index)
    if (calls === undefined) this.#parked.set(entry.index, [call])
    else calls.push(call)
    this.#count += 1
    this.fetch(entry)
  }

  /** Begins to read the code, without a call to park yet. */
  fetch(entry: FunctionEntry): void {
    if (this.#fetching.has(entry.index)) return
    this.#fetching.add(entry.index)
    this.#fetchSource(this.#environment, entry.name).then(
      (source) => {
        this.#fetching.delete(entry.index)
        // A version that was published meanwhile is newer than what was read.
        if (source !== undefined) entry.source ??= source
        if (entry.source !== undefined) this.#owner.onCodeHere(this.#take(entry.index))
        else this.#owner.onCodeMissing(entry.index, this.#take(entry.index), 'FUNCTION_NOT_FOUND')
      },
      (error: unknown) => {
        this.#fetching.delete(entry.index)
        this.#log.warn({ environment: this.#environment.key, function: entry.name, error }, 'The code of a function could not be read.')
        this.#owner.onCodeMissing(entry.index, this.#take(entry.index), 'DATABASE_UNAVAILABLE')
      },
    )
  }

  keepOnly(isKept: (call: Call) => boolean): void {
    for (const [index, calls] of this.#parked) {
      const kept = calls.filter(isKept)
      this.#count -= calls.length - kept.length
      this.#parked.set(index, kept)
    }
  }
  takeAll(): Call[] {
    return [...this.#parked.keys()].flatMap((index) => this.#take(index))
  }

  #take(index: number): Call[] {
    const calls = this.#parked.get(index) ?? []
    this.#parked.delete(index)
    this.#count -= calls.length
    return calls
  }
}
