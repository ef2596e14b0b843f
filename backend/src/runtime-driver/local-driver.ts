import { fileURLToPath } from 'node:url'
import type { BellAddress } from '@imprun/contracts'
import type { Config } from '../config.ts'
import type { Database } from '../database/database.ts'
import type { GatewayUsers } from '../database/gateway-users.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { SecretSealer } from '../variables/secret-sealer.ts'
import { createProcessRuntimeDriver } from './process/process-runtime-driver.ts'
import type { Assignments, RuntimeDriver, RuntimeSpec } from './runtime-driver.ts'

const runtimeEntry = fileURLToPath(new URL('../../../runtime/src/main.ts', import.meta.url))

export interface DriverParts {
  database: Database
  users: GatewayUsers
  sealer: SecretSealer
  /** What this runtime has to serve. */
  assignments: Assignments
  bell(): BellAddress
  clock: Clock
  log: Log
}

/** The process driver with the settings of this installation. */
export function createLocalDriver({ home, edge, runtime, log: { level } }: Config, spec: RuntimeSpec, parts: DriverParts): RuntimeDriver {
  const { runtimeId, regionId, index, baseDomain, ports } = spec
  return createProcessRuntimeDriver({
    ...parts,
    log: parts.log.child({ part: 'runtime-driver', runtimeId }),
    config: {
      ...{ runtimeId, home, ports },
      name: regionId === 'local' && index === 0 ? 'runtime' : `runtime-${regionId}-${index + 1}`,
      entry: runtimeEntry,
      baseDomains: [baseDomain],
      variables: {
        IMPRUN_RUNTIME_ORPHAN_MS: String(runtime.orphanMs),
        IMPRUN_RUNTIME_SPARES: String(runtime.spares),
        IMPRUN_RUNTIME_IDLE_MS: String(runtime.idleMs),
        ...(runtime.memoryMb === undefined ? {} : { IMPRUN_RUNTIME_MEMORY_MB: String(runtime.memoryMb) }),
        IMPRUN_RUNTIME_BELL: runtime.bell,
        IMPRUN_TRUST_PROXY: edge.trustedProxies.join(','),
        IMPRUN_LOG_LEVEL: level,
      },
    },
  })
}
