import type { InstanceStore } from '../../src/instances/instance-store.ts'
import { createPlacement } from '../../src/instances/placement.ts'
import { createRuntimeDirectory } from '../../src/instances/runtime-directory.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { RuntimeDriver } from '../../src/runtime-driver/runtime-driver.ts'
import type { RuntimePool } from '../../src/runtime-driver/runtime-pool.ts'

export const testRuntimeId = 'test-runtime'

/** What a backend with one runtime knows of it, whatever its driver is. */
export function oneRuntime(driver: RuntimeDriver, instances: InstanceStore) {
  const pool: Pick<RuntimePool, 'own' | 'driverOf' | 'onRunning' | 'edgeUrl'> = {
    own: () => [{ runtimeId: testRuntimeId, regionId: 'local', baseDomain: 'localhost', state: 'running', url: driver.edgeUrl() }],
    driverOf: () => driver,
    onRunning: (listener) => driver.onRunning(() => listener(testRuntimeId)),
    edgeUrl: () => driver.edgeUrl(),
  }
  const directory = createRuntimeDirectory({ holder: 'test', own: pool.own })
  return { pool, directory, placement: createPlacement({ instances, directory, monotonicMs: systemClock.monotonicMs }) }
}
