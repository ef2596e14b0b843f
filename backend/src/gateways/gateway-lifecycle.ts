import type { Database } from '../database/database.ts'
import type { Watcher } from '../database/watcher.ts'
import { createEnvironmentMachine, type EnvironmentMachinePorts } from '../environments/environment-machine.ts'
import type { EnvironmentStore, StoredEnvironment } from '../environments/environment-store.ts'
import type { QueueDepth } from '../phases/queue-depth.ts'
import { createPhaseEngine, type EngineEvent, type EngineLimits, type EngineStatus } from '../phases/engine.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { RuntimeDriver } from '../runtime-driver/runtime-driver.ts'
import { createGatewayMachine, type GatewayMachinePorts } from './gateway-machine.ts'
import type { GatewayStore, StoredGateway } from './gateway-store.ts'

/** The engines that move gateways and environments. */
export interface GatewayLifecycle {
  /** @throws the driver's error when MongoDB cannot be reached. */
  start(): Promise<void>
  stop(): Promise<void>
  status(): { gateways: EngineStatus; environments: EngineStatus }
  /** What waits, by kind of document. */
  queues: Readonly<Record<EngineKind, () => Promise<QueueDepth>>>
}

export type EngineKind = 'gateway' | 'environment'

export function createGatewayLifecycle(deps: {
  database: Database
  watcher: Watcher
  clock: Clock
  log: Log
  /** Names this process across its restarts; no two that live at once share one. */
  holder: string
  gateways: Pick<GatewayStore, 'nudgeWaiting'>
  environments: EnvironmentStore
  databases: GatewayMachinePorts['databases'] & EnvironmentMachinePorts['databases']
  users: GatewayMachinePorts['users'] & EnvironmentMachinePorts['users']
  settings: EnvironmentMachinePorts['settings']
  driver: RuntimeDriver
  contents: GatewayMachinePorts['contents']
  observe?: (event: EngineEvent, kind: EngineKind) => void | Promise<void>
  limits?: Partial<EngineLimits>
}): GatewayLifecycle {
  const { gateways, environments, driver, log } = deps
  const observing = (kind: EngineKind) => ({ observe: (event: EngineEvent) => deps.observe?.(event, kind) })
  const gatewayEngine = createPhaseEngine<StoredGateway>({ ...deps, ...observing('gateway'), collection: 'apiGateways', machine: createGatewayMachine(deps) })
  const environmentEngine = createPhaseEngine<StoredEnvironment>({
    ...deps,
    ...observing('environment'),
    collection: 'environments',
    machine: createEnvironmentMachine(deps),
    onMoved: async ({ gatewayId }) => {
      await gateways.nudgeWaiting(gatewayId)
      gatewayEngine.wake()
    },
  })
  const nudgeStarting = () => {
    environments.nudgeStarting().then(
      () => environmentEngine.wake(),
      (error) => log.warn({ error }, 'Environments that wait for a runtime could not be told that there is one'),
    )
  }
  let endNudging = () => {}

  return {
    async start() {
      endNudging = driver.onRunning(nudgeStarting)
      await Promise.all([gatewayEngine.start(), environmentEngine.start()])
    },
    async stop() {
      endNudging()
      await Promise.all([gatewayEngine.stop(), environmentEngine.stop()])
    },
    queues: { gateway: () => gatewayEngine.readDepth(), environment: () => environmentEngine.readDepth() },
    status: () => ({ gateways: gatewayEngine.status(), environments: environmentEngine.status() }),
  }
}
