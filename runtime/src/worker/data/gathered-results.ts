import { stringPayloadBytesMax } from '../../sandbox/bridge.ts'
import type { Resumption } from '../sandbox/engine.ts'

/** Enters the function. @param more results for the same call beside the first */
export type EnterWithResults = (first: Resumption, more: readonly Resumption[]) => void

interface WaitingCall {
  /** Its operations that have not been answered. */
  openCount: number
  /** Of this turn. */
  results: Resumption[]
  enter: EnterWithResults
}

/** What one entry reads at once stays far below its time limit. */
const resultsPerEntryMax = 100

/**
 * Results for one call that are there in the same turn of the loop enter the function together, because an entry costs as much as all the rest of a result's
 * way. Only those of one call: the code that goes on with them is the call's that the entry is for. A result that nothing else is awaited beside enters at
 * once, and so does a large one, which takes its time to be read.
 */
export class GatheredResults {
  readonly #calls = new Map<unknown, WaitingCall>()
  #ready: WaitingCall[] = []

  /**
   * An operation begins.
   * @param open gives the way into the function, for this call; asked for once as long as the call waits for something
   * @returns takes the operation's result
   */
  expect(call: unknown, open: () => EnterWithResults): (result: Resumption) => void {
    const waiting = this.#calls.get(call) ?? this.#begin(call, open())
    waiting.openCount++
    return (result) => {
      if (--waiting.openCount === 0) this.#calls.delete(call)
      const isAlone = waiting.openCount === 0 && waiting.results.length === 0
      if (isAlone || result.payload.length > stringPayloadBytesMax) waiting.enter(result, [])
      else if (waiting.results.push(result) === 1 && this.#ready.push(waiting) === 1) setImmediate(() => this.#enterAll())
    }
  }

  #begin(call: unknown, enter: EnterWithResults): WaitingCall {
    const waiting = { openCount: 0, results: [], enter }
    this.#calls.set(call, waiting)
    return waiting
  }
  #enterAll(): void {
    const ready = this.#ready
    this.#ready = []
    for (const waiting of ready) {
      const { results, enter } = waiting
      waiting.results = []
      for (let at = 0; at < results.length; at += resultsPerEntryMax) {
        const [first, ...more] = results.slice(at, at + resultsPerEntryMax) as [Resumption, ...Resumption[]]
        enter(first, more)
      }
    }
  }
}
