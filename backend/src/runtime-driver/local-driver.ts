import { fileURLToPath } from 'node:url'
import type { BellAddress } from '@imprun/contracts'
import type { Config } from '../config.ts'
import type { Database } from '../database/database.ts'
import type { GatewayUsers } from '../database/gateway-users.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { homeDigest } from '../platform/socket-folder.ts'
import type { SecretSealer } from '../variables/secret-sealer.ts'
import { createProcessRuntimeDriver } from './process/process-runtime-driver.ts'
import type { RuntimeDriver } from './runtime-driver.ts'

const runtimeEntry = fileURLToPath(new URL('../../../runtime/src/main.ts', import.meta.url))

interface Parts {
  database: Database
  users: GatewayUsers
  sealer: SecretSealer
  environments: Pick<EnvironmentStore, 'listToServe'>
  bell(): BellAddress
  clock: Clock
  log: Log
}

/** The process driver with the settings of this installation. */
export function createLocalDriver({ home, edge, runtime, log: { level } }: Config, { environments, ...parts }: Parts): RuntimeDriver {
  return createProcessRuntimeDriver({
    ...parts,
    log: parts.log.child({ part: 'runtime-driver' }),
    assignments: async () =>
      (await environments.listToServe()).map(({ gatewayId, environment, database, fence }) => ({ ref: { gatewayId, environment, database }, fence })),
    config: {
      runtimeId: `local-${homeDigest(home)}`,
      entry: runtimeEntry,
      home,
      ports: { first: edge.port, count: edge.portsCount },
      baseDomains: ['localhost'],
      variables: {
        IMPRUN_RUNTIME_ORPHAN_MS: String(runtime.orphanMs),
        IMPRUN_RUNTIME_SPARES: String(runtime.spares),
        IMPRUN_RUNTIME_IDLE_MS: String(runtime.idleMs),
        ...(runtime.memoryMb === undefined ? {} : { IMPRUN_RUNTIME_MEMORY_MB: String(runtime.memoryMb) }),
        IMPRUN_RUNTIME_BELL: runtime.bell,
        IMPRUN_LOG_LEVEL: level,
      },
    },
  })
}
