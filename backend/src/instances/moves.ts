import type { Database } from '../database/database.ts'
import type { GatewayUsers } from '../database/gateway-users.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { PortLeases } from '../runtime-driver/process/port-leases.ts'
import { listBeating } from './heartbeats.ts'
import type { InstanceMachinePorts } from './instance-machine.ts'
import type { InstanceStore, StoredInstance } from './instance-store.ts'
import type { ListedRuntime, RuntimeStore } from './runtime-store.ts'

/** What is done about runtimes that are lost. Every backend does it; all of it is safe to repeat and to do at once. */
export interface Moves {
  /** Environments of lost runtimes look for another one, in regions where one runs. @returns how many */
  moveAway(runtimes: readonly ListedRuntime[]): Promise<number>
  /** Takes away what runtimes that no process is left of had: instances, ports, users. */
  clearAway(runtimes: readonly ListedRuntime[]): Promise<void>
}

const clearedAtOnce = 500

export function createMoves(deps: {
  database: Database
  environments: Pick<EnvironmentStore, 'moveAway' | 'nudgeAll'>
  instances: InstanceStore
  runtimes: RuntimeStore
  leases: Pick<PortLeases, 'releaseOthers'>
  users: Pick<GatewayUsers, 'dropFrontUser'>
  forget: InstanceMachinePorts['forget']
}): Moves {
  const { database, environments, instances, runtimes, leases, users, forget } = deps

  const clearInstances = async (those: readonly StoredInstance[]) => {
    for (const instance of those) await forget(instance)
    await instances.removeAll(those.map(({ _id }) => _id))
    await environments.nudgeAll([...new Set(those.map(({ environmentId }) => environmentId))])
  }

  return {
    async moveAway(listed) {
      let moved = 0
      for (const [regionId, those] of Map.groupBy(listed, (runtime) => runtime.regionId)) {
        const serving = those.filter(({ isServing }) => isServing)
        if (serving.some(({ state }) => state === 'running'))
          moved += await environments.moveAway(
            regionId,
            serving.map(({ runtimeId }) => runtimeId),
          )
      }
      return moved
    },

    async clearAway(listed) {
      const held = listed.filter(({ isHeld }) => isHeld).map(({ runtimeId }) => runtimeId)
      const left = await instances.listBeyond(held, clearedAtOnce)
      const lostIds = new Set([...left, ...listed.filter(({ isHeld }) => !isHeld)].map(({ runtimeId }) => runtimeId))
      // A runtime without its backend goes on serving for a while, and may write to what it serves: nothing is gone before it is.
      const beating = await listBeating(database, [...lostIds])
      for (const runtimeId of lostIds) {
        if (beating.has(runtimeId)) continue
        const its = left.filter((instance) => instance.runtimeId === runtimeId)
        const [wanted, unwanted] = [its.filter(({ state }) => state === 'active'), its.filter(({ state }) => state !== 'active')]
        await clearInstances(unwanted)
        if (wanted.length > 0 || left.length === clearedAtOnce) continue
        await leases.releaseOthers(runtimeId, undefined)
        await users.dropFrontUser(runtimeId)
        await runtimes.remove([runtimeId])
      }
    },
  }
}
