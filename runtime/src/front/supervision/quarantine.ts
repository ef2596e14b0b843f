import type { QuarantinedFunction } from '@imprun/contracts'
import type { Environment, FunctionEntry } from '../environment.ts'

type Entry = Pick<FunctionEntry, 'index' | 'name' | 'version' | 'revision' | 'middleware'>

/**
 * Versions that took their worker down or held it up again and again. They run in a second worker of their environment, so that nothing they do touches the
 * other functions; a new version runs with the others again. The second process is what isolates: a thread inside the first one would still go down with it.
 */
export class Quarantine {
  /** By function index. */
  readonly #held = new Map<number, { revision: number; told: QuarantinedFunction }>()

  /** Whether this version is in it, or something that runs before it is. */
  holds(entry: Entry): boolean {
    return this.#held.get(entry.index)?.revision === entry.revision || entry.middleware.some((each) => this.holds(each))
  }
  /** @returns whether that is news */
  put({ index, name, version, revision }: Entry, reason: string, at: Date): boolean {
    if (this.#held.get(index)?.revision === revision) return false
    this.#held.set(index, { revision, told: { name, version, reason, at } })
    return true
  }
  /** Those that are published still, for the owner to see. */
  list(environment: Pick<Environment, 'find'>): QuarantinedFunction[] {
    return [...this.#held.values()].flatMap(({ revision, told }) => (environment.find(told.name)?.revision === revision ? [told] : []))
  }
}
