import { bellPath } from '@imprun/contracts'
import type { AccountStore } from '../accounts/account-store.ts'
import type { AuditStore } from '../audit/audit-store.ts'
import { createBellRouter } from '../bell/bell-router.ts'
import { createEventRoutes } from '../events/event-routes.ts'
import { createEventSource } from '../events/event-source.ts'
import { createFreezeWatch } from '../freezes/freeze-watch.ts'
import type { GatewayLifecycle } from '../gateways/gateway-lifecycle.ts'
import { createGatewayUpkeep } from '../gateways/gateway-upkeep.ts'
import { createHealthWatch } from '../health/health-watch.ts'
import type { EventHandlers } from '../http/api-routes.ts'
import type { Mount } from '../http/app.ts'
import type { Handlers } from '../http/handlers.ts'
import { createLogRoutes } from '../logs/log-routes.ts'
import { createMcpRouter } from '../mcp/mcp-router.ts'
import { createMetricsHandler } from '../metrics/metrics-router.ts'
import type { RuntimesStatus } from '../runtime-driver/runtime-pool.ts'
import { composeEventViews, composeHandlers } from './handlers.ts'
import { composeParts, type Ground } from './parts.ts'
import { composeServices } from './services.ts'

export interface Nouns {
  accounts: AccountStore
  audit: AuditStore
  handlers: Handlers
  /** What is served beside the API. */
  mounts: readonly Mount[]
  events: EventHandlers
  /** Ends what would stay open for as long as its client likes. */
  endStreams(): void
  lifecycle: GatewayLifecycle
  runtimes: RuntimesStatus
  /** Indexes aside, what has to be in the database before the first request. Safe to repeat. */
  ensureContent(): Promise<void>
  /** Begins to work; registers with `undo` what ends it and waits for work in flight. */
  start(undo: AsyncDisposableStack): Promise<void>
}

export function composeNouns(ground: Ground): Nouns {
  const parts = composeParts(ground)
  const services = composeServices(ground, parts)
  const { pool, lifecycle, toolsets, deployments } = services
  const views = composeEventViews(parts, services)
  const source = createEventSource({ ...ground, views })
  const events = createEventRoutes({ ...ground, ...parts, source })
  const logs = createLogRoutes({ ...ground, ...parts, ...services })
  const findOwner = async (gatewayId: string) => (await services.gatewayViews.find(gatewayId))?.ownerId
  const healthWatch = createHealthWatch({ ...ground, health: parts.health, findOwner, announce: source.announce, isHeard: () => source.isHeard })
  const freezeWatch = createFreezeWatch({ ...parts, onChanged: (gatewayId) => source.tellAgain('gateway', gatewayId) })
  const bell = createBellRouter({ hub: parts.bellHub, tokens: parts.bellTokens })
  return {
    accounts: parts.accounts,
    audit: parts.audit,
    runtimes: pool,
    lifecycle,
    events: { ...events, ...logs.tails },
    endStreams() {
      events.stop()
      logs.stop()
      bell.stop()
    },
    handlers: { ...composeHandlers(parts, services), ...logs.pages },
    mounts: [
      { path: '/mcp', handler: createMcpRouter({ ...parts, toolsets, edgeUrl: services.addresses.edgeUrl }) },
      { path: bellPath, handler: bell.handler },
      { path: '/metrics', handler: createMetricsHandler(services.metrics) },
    ],
    async ensureContent() {
      await parts.regions.ensureLocal()
      await parts.packageCache.collect(new Set(await parts.packageStore.listLockHashes()))
    },
    async start(undo) {
      const { compiler, acknowledgements, bellHub } = parts
      undo.defer(() => compiler.stop())
      await compiler.start()
      undo.defer(() => acknowledgements.stop())
      acknowledgements.start()
      undo.defer(() => bellHub.stop())
      bellHub.start()
      undo.defer(() => services.registry.stop())
      undo.defer(() => pool.stop())
      const upkeep = createGatewayUpkeep(parts)
      undo.defer(() => upkeep.stop())
      upkeep.start()
      undo.defer(() => lifecycle.stop())
      await pool.start()
      await services.registry.start()
      await lifecycle.start()
      undo.defer(() => deployments.stop())
      deployments.start()
      undo.defer(() => services.approvalWatch.stop())
      services.approvalWatch.start()
      undo.defer(() => services.drift.stop())
      services.drift.start()
      undo.defer(() => services.retention.stop())
      services.retention.start()
      undo.defer(() => services.dataWatch.stop())
      services.dataWatch.start()
      undo.defer(() => services.notifications.stop())
      services.notifications.start()
      undo.defer(() => freezeWatch.stop())
      freezeWatch.start()
      undo.defer(() => {
        healthWatch.stop()
        source.stop()
        toolsets.stop()
      })
    },
  }
}
