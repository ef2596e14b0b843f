import { assignmentsOf } from '../instances/assignments.ts'
import { createForget } from '../instances/instance-machine.ts'
import { createMoves } from '../instances/moves.ts'
import { createPlacement } from '../instances/placement.ts'
import { createRuntimeDirectory } from '../instances/runtime-directory.ts'
import { createRuntimeRegistry } from '../instances/runtime-registry.ts'
import { createPortLeases } from '../runtime-driver/process/port-leases.ts'
import { createRuntimePool } from '../runtime-driver/runtime-pool.ts'
import type { Ground, Parts } from './parts.ts'

/** This backend's runtimes, what it knows of those of others, and who serves what. @param onMoved environments look for another runtime */
export function composeRuntimes(ground: Ground, parts: Parts, onMoved: () => void) {
  const { database, instances, environments, users, runtimeStore: store, clock, log } = parts
  const { installation, defaults, regionIds } = ground.runtimes
  const bell = () => ({ url: ground.apiUrl(), token: parts.bellTokens.issue('*') })
  const pool = createRuntimePool({
    ...{ installation, defaults, regionIds, log },
    regions: parts.regions,
    watcher: ground.watcher,
    createDriver: (spec) => ground.createDriver(spec, { ...parts, bell, assignments: assignmentsOf(instances, spec.runtimeId) }),
  })
  const directory = createRuntimeDirectory({ holder: ground.holder, own: pool.own })
  const leases = createPortLeases(database)
  const moves = createMoves({ database, environments, instances, runtimes: store, leases, users, forget: createForget(database) })
  const placement = createPlacement({ instances, directory, monotonicMs: () => clock.monotonicMs() })
  const registry = createRuntimeRegistry({ pool, store, directory, moves, holder: ground.holder, onMoved, clock, log: log.child({ part: 'runtimes' }) })
  return { pool, directory, placement, registry }
}
