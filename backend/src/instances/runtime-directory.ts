import type { RuntimeView } from '@imprun/contracts'
import type { KnownRuntime, ListedRuntime } from './runtime-store.ts'

/** The runtimes of all backends on this database, from memory. */
export interface RuntimeDirectory {
  find(runtimeId: string): ListedRuntime | undefined
  listOf(regionId: string): ListedRuntime[]
  all(): ListedRuntime[]
  /** The database was read. Those of this backend are always as they are now. */
  update(listed: readonly ListedRuntime[]): void
}

export function createRuntimeDirectory(deps: { holder: string; own(): readonly KnownRuntime[] }): RuntimeDirectory {
  const { holder, own } = deps
  let listed = new Map<string, ListedRuntime>()

  const all = (): ListedRuntime[] => {
    const mine = own().map((runtime) => ({ ...runtime, holder, isHeld: true, isServing: listed.get(runtime.runtimeId)?.isServing ?? true }))
    const mineIds = new Set(mine.map(({ runtimeId }) => runtimeId))
    return [...mine, ...[...listed.values()].filter(({ runtimeId }) => !mineIds.has(runtimeId))]
  }
  return {
    all,
    find: (runtimeId) => all().find((runtime) => runtime.runtimeId === runtimeId),
    listOf: (regionId) => all().filter((runtime) => runtime.regionId === regionId),
    update(runtimes) {
      listed = new Map(runtimes.map((runtime) => [runtime.runtimeId, runtime]))
    },
  }
}

export const toRuntimeView = ({ runtimeId, state, url, isHeld }: ListedRuntime): RuntimeView => ({
  runtimeId,
  state: isHeld ? state : 'lost',
  ...(url === undefined ? {} : { url }),
})
