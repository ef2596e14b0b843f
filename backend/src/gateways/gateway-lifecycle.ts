import type { Database } from '../database/database.ts'
import type { Watcher } from '../database/watcher.ts'
import { createEnvironmentMachine, type EnvironmentMachinePorts } from '../environments/environment-machine.ts'
import type { EnvironmentStore, StoredEnvironment } from '../environments/environment-store.ts'
import { createForget, createInstanceMachine } from '../instances/instance-machine.ts'
import type { InstanceStore, StoredInstance } from '../instances/instance-store.ts'
import type { Placement } from '../instances/placement.ts'
import { createPhaseEngine, type EngineEvent, type EngineLimits, type EngineStatus } from '../phases/engine.ts'
import type { QueueDepth } from '../phases/queue-depth.ts'
import type { Clock } from '../platform/clock.ts'
import { inBatches } from '../platform/in-batches.ts'
import type { Log } from '../platform/log.ts'
import type { RuntimePool } from '../runtime-driver/runtime-pool.ts'
import { createGatewayMachine, type GatewayMachinePorts } from './gateway-machine.ts'
import type { GatewayStore, StoredGateway } from './gateway-store.ts'

/** The engines that move gateways, environments and their instances on runtimes. */
export interface GatewayLifecycle {
  /** @throws the driver's error when MongoDB cannot be reached. */
  start(): Promise<void>
  stop(): Promise<void>
  status(): Readonly<Record<EngineKind, EngineStatus>>
  /** Environments are looked at now. */
  wakeEnvironments(): void
  /** What waits, by kind of document. */
  queues: Readonly<Record<EngineKind, () => Promise<QueueDepth>>>
}

export type EngineKind = 'gateway' | 'environment' | 'instance'

export function createGatewayLifecycle(deps: {
  database: Database
  watcher: Watcher
  clock: Clock
  log: Log
  /** Names this process across its restarts; no two that live at once share one. */
  holder: string
  gateways: Pick<GatewayStore, 'nudgeWaiting' | 'noteLeftovers'>
  environments: EnvironmentStore
  databases: GatewayMachinePorts['databases'] & EnvironmentMachinePorts['databases']
  users: GatewayMachinePorts['users'] & EnvironmentMachinePorts['users']
  settings: EnvironmentMachinePorts['settings']
  instances: InstanceStore
  placement: Placement
  pool: Pick<RuntimePool, 'own' | 'driverOf' | 'onRunning'>
  contents: GatewayMachinePorts['contents']
  recordLeftovers: GatewayMachinePorts['recordLeftovers']
  observe?: (event: EngineEvent, kind: EngineKind) => void | Promise<void>
  limits?: Partial<EngineLimits>
}): GatewayLifecycle {
  const { database, gateways, environments, instances, placement, pool, log } = deps
  const observing = (kind: EngineKind) => ({ observe: (event: EngineEvent) => deps.observe?.(event, kind) })
  const placing = { ...deps, placement: wakingAfter(placement, () => instanceEngine.wake()) }
  const gatewayEngine = createPhaseEngine<StoredGateway>({
    ...deps,
    ...observing('gateway'),
    collection: 'apiGateways',
    machine: createGatewayMachine(placing),
  })
  const environmentEngine = createPhaseEngine<StoredEnvironment>({
    ...deps,
    ...observing('environment'),
    collection: 'environments',
    machine: createEnvironmentMachine(placing),
    onMoved: ({ gatewayId }) => tellGateway(gatewayId),
  })
  // Many move together, and so they are told of.
  const tellGateway = inBatches<string>(async (gatewayIds) => {
    await gateways.nudgeWaiting([...new Set(gatewayIds)])
    gatewayEngine.wake()
  })
  const tellEnvironment = inBatches<string>(async (environmentIds) => {
    await environments.nudgeAll([...new Set(environmentIds)])
    environmentEngine.wake()
  })
  const instanceEngine = createPhaseEngine<StoredInstance>({
    ...deps,
    collection: 'runtimeInstances',
    machine: createInstanceMachine({ environments, driverOf: pool.driverOf, forget: createForget(database) }),
    only: () => ({ runtimeId: { $in: pool.own().map(({ runtimeId }) => runtimeId) } }),
    onMoved: ({ environmentId }) => tellEnvironment(environmentId),
    async observe(event) {
      await deps.observe?.(event, 'instance')
      if (event.type !== 'failed') return
      const failed = await instances.findById(event.id)
      if (failed) await tellEnvironment(failed.environmentId)
    },
  })
  const nudgeStarting = (runtimeId: string) => {
    instances.nudgeStarting([runtimeId]).then(
      () => instanceEngine.wake(),
      (error) => log.warn({ error, runtimeId }, 'Environments that wait for a runtime could not be told that it serves'),
    )
  }
  const engines = { gateway: gatewayEngine, environment: environmentEngine, instance: instanceEngine }
  let endNudging = () => {}

  return {
    async start() {
      endNudging = pool.onRunning(nudgeStarting)
      await Promise.all(Object.values(engines).map((engine) => engine.start()))
    },
    async stop() {
      endNudging()
      await Promise.all(Object.values(engines).map((engine) => engine.stop()))
    },
    wakeEnvironments: () => environmentEngine.wake(),
    queues: { gateway: () => gatewayEngine.readDepth(), environment: () => environmentEngine.readDepth(), instance: () => instanceEngine.readDepth() },
    status: () => ({ gateway: gatewayEngine.status(), environment: environmentEngine.status(), instance: instanceEngine.status() }),
  }
}

/** What was placed just now is looked at just now: the change stream would be later. */
const wakingAfter = (placement: Placement, wake: () => void): Placement => ({
  async ensureServed(environment, confirm) {
    const served = await placement.ensureServed(environment, confirm)
    if (served.runtimeId === undefined) wake()
    return served
  },
  async placeNew(environments) {
    await placement.placeNew(environments)
    wake()
  },
  async ensureUnserved(environment) {
    const isUnserved = await placement.ensureUnserved(environment)
    if (!isUnserved) wake()
    return isUnserved
  },
})
