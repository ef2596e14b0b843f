import { isMiddlewareName, middlewareNamesOf } from '@imprun/contracts/middleware'
import type { FunctionVersion } from '../function-version.ts'

/** The middleware of this worker, and which of it runs before which function. */
export class MiddlewareTable {
  /** By name. Without a version: it serves elsewhere and could not be loaded here, so what it guards must not run. */
  readonly #entries = new Map<string, { index: number; version: FunctionVersion | undefined }>()

  set(name: string, index: number, version: FunctionVersion | undefined): void {
    this.#entries.set(name, { index, version })
  }
  /** @returns whether there was one */
  remove(index: number): boolean {
    for (const [name, entry] of this.#entries) if (entry.index === index) return this.#entries.delete(name)
    return false
  }
  /** Outermost first: that of the root, then folder by folder. */
  before(functionName: string): (FunctionVersion | undefined)[] {
    if (this.#entries.size === 0 || isMiddlewareName(functionName)) return []
    return middlewareNamesOf(functionName).flatMap((name) => {
      const entry = this.#entries.get(name)
      return entry === undefined ? [] : [entry.version]
    })
  }
}
