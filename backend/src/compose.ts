import { type BellAddress, bellPath } from '@imprun/contracts'
import { createAccountRoutes } from './accounts/account-routes.ts'
import { type AccountStore, createAccountStore } from './accounts/account-store.ts'
import { createApplicationRoutes } from './applications/application-routes.ts'
import { createApplicationStore } from './applications/application-store.ts'
import { findApplicationView } from './applications/application-view.ts'
import { createGrantStore } from './applications/grant-store.ts'
import { createGrants } from './applications/grants.ts'
import { type AuditStore, createAuditStore } from './audit/audit-store.ts'
import { createBellHub } from './bell/bell-hub.ts'
import { createBellRouter } from './bell/bell-router.ts'
import { createBellTokens } from './bell/bell-tokens.ts'
import type { Database } from './database/database.ts'
import { createGatewayDatabases } from './database/gateway-databases.ts'
import { createGatewayUsers } from './database/gateway-users.ts'
import type { Watcher } from './database/watcher.ts'
import { createDeploymentRoutes } from './deployments/deployment-routes.ts'
import { createDeploymentStore } from './deployments/deployment-store.ts'
import { findDeploymentView } from './deployments/deployment-view.ts'
import { createDeployments } from './deployments/deployments.ts'
import { createDriftRepair } from './deployments/drift.ts'
import { createEnvironmentRoutes } from './environments/environment-routes.ts'
import { createEnvironmentSettingsStore } from './environments/environment-settings.ts'
import { createEnvironmentStore } from './environments/environment-store.ts'
import { createAddresses } from './environments/environment-view.ts'
import { createEventRoutes } from './events/event-routes.ts'
import { createEventSource, type EventViews } from './events/event-source.ts'
import { createFunctionLookup } from './functions/function-lookup.ts'
import { createFunctionRoutes } from './functions/function-routes.ts'
import { createFunctionStore } from './functions/function-store.ts'
import { findFunctionView } from './functions/function-view.ts'
import { createGatewayLifecycle, type GatewayLifecycle } from './gateways/gateway-lifecycle.ts'
import { createGatewayRoutes } from './gateways/gateway-routes.ts'
import { createGatewayStore } from './gateways/gateway-store.ts'
import { createGatewayUpkeep } from './gateways/gateway-upkeep.ts'
import { createGatewayViews } from './gateways/gateway-view.ts'
import { createHealthStore } from './health/health-store.ts'
import { createHealthWatch } from './health/health-watch.ts'
import type { EventHandlers } from './http/api-routes.ts'
import type { Mount } from './http/app.ts'
import type { Handlers } from './http/handlers.ts'
import { type LogDocument, toLogEntry } from './logs/log-entry.ts'
import { createLogRoutes, type LogRoutes } from './logs/log-routes.ts'
import { createMcpRouter } from './mcp/mcp-router.ts'
import { createToolRoutes } from './mcp/tool-routes.ts'
import { createToolStore } from './mcp/tool-store.ts'
import { findToolView, type McpUrl } from './mcp/tool-view.ts'
import { createToolsets } from './mcp/toolsets.ts'
import { createMetrics, type Metrics } from './metrics/metrics.ts'
import { createMetricsHandler } from './metrics/metrics-router.ts'
import { createGatewayPackages } from './packages/gateway-packages.ts'
import type { PackageCache } from './packages/package-cache.ts'
import { createPackageRoutes } from './packages/package-routes.ts'
import { createPackageStore } from './packages/package-store.ts'
import type { EngineEvent } from './phases/engine.ts'
import type { Clock } from './platform/clock.ts'
import type { Log } from './platform/log.ts'
import type { Secrets } from './platform/secrets.ts'
import { createAcknowledgements } from './publishing/acknowledgements.ts'
import { createCompiler } from './publishing/compile.ts'
import { createPublisher } from './publishing/publisher.ts'
import { createReleaseInputs } from './publishing/release-inputs.ts'
import { createRegionStore } from './regions/region-store.ts'
import { createReleaseRoutes } from './releases/release-routes.ts'
import { createReleaseStore } from './releases/release-store.ts'
import { createRunRoutes } from './runs/run-routes.ts'
import { createRunStore } from './runs/run-store.ts'
import type { RuntimeDriver } from './runtime-driver/runtime-driver.ts'
import { createScheduleReader } from './schedules/schedule-reader.ts'
import { createSecretSealer } from './variables/secret-sealer.ts'
import { createVariableStore } from './variables/variable-store.ts'

/** What the nouns stand on: connected, and told apart so that a test can replace one. */
export interface Ground {
  database: Database
  watcher: Watcher
  secrets: Secrets
  packageCache: PackageCache
  clock: Clock
  log: Log
  /** Names this backend across its restarts; no two that live at once share one. */
  holder: string
  /** Where callers reach the API; known once it listens. */
  apiUrl(): string
  createDriver(parts: Pick<Parts, 'database' | 'users' | 'sealer' | 'environments' | 'clock' | 'log'> & { bell(): BellAddress }): RuntimeDriver
  /** Sees every step of the phase engine. */
  observe?: (event: EngineEvent) => void | Promise<void>
}

/** Longer than a runtime needs to be given up for lost, so that a dead one delays an answer and does not fail it. */
const acknowledgeDeadlineMs = 10_000

type Parts = ReturnType<typeof composeParts>

/** Stores and services that know nothing of each other's routes. */
function composeParts({ database, watcher, secrets, clock, log, packageCache }: Ground) {
  const environments = createEnvironmentStore(database)
  const functions = createFunctionStore(database)
  const packageStore = createPackageStore(database)
  const packages = createGatewayPackages({ store: packageStore, cache: packageCache })
  const variables = createVariableStore(database)
  const sealer = createSecretSealer(secrets)
  return {
    database,
    secrets,
    clock,
    log,
    accounts: createAccountStore({ database, clock }),
    audit: createAuditStore(database),
    environments,
    gateways: createGatewayStore({ database, environments }),
    regions: createRegionStore(database),
    users: createGatewayUsers({ database, secrets }),
    bellTokens: createBellTokens(secrets),
    bellHub: createBellHub({ watcher }),
    databases: createGatewayDatabases(database),
    variables,
    sealer,
    settings: createEnvironmentSettingsStore({ database, environments, variables, sealer }),
    functions,
    packageStore,
    packageCache,
    health: createHealthStore({ database, clock }),
    schedules: createScheduleReader(database),
    releases: createReleaseStore(database),
    runs: createRunStore(database),
    deploymentStore: createDeploymentStore(database),
    publisher: createPublisher(database),
    applications: createApplicationStore(database),
    grants: createGrantStore(database),
    tools: createToolStore(database),
    compiler: createCompiler({ files: functions, packages }),
    inputs: createReleaseInputs({ functions, packages }),
    acknowledgements: createAcknowledgements({ database, watcher, clock, log }),
    acknowledgeDeadlineMs,
  }
}

/** What works by itself or is shared by routes of several nouns. */
function composeServices(ground: Ground, parts: Parts) {
  const { environments, gateways, functions, releases, deploymentStore, grants, tools } = parts
  const driver = ground.createDriver({ ...parts, bell: () => ({ url: ground.apiUrl(), token: parts.bellTokens.issue('*') }) })
  const addresses = createAddresses(driver)
  const mcpUrl: McpUrl = (gatewayId, environment) => `${ground.apiUrl()}/mcp/${gatewayId}/${environment}`
  const metrics: Metrics = createMetrics(() => lifecycle.queues)
  const lifecycle = createGatewayLifecycle({
    ...parts,
    watcher: ground.watcher,
    holder: ground.holder,
    driver,
    contents: [functions, releases, deploymentStore, grants, tools, parts.packageStore, parts.variables],
    observe(event, kind) {
      metrics.engineEvent(kind, event)
      return ground.observe?.(event)
    },
  })
  const drift = createDriftRepair({ ...parts, watcher: ground.watcher, deployments: deploymentStore })
  return {
    driver,
    drift,
    metrics,
    lifecycle,
    addresses,
    mcpUrl,
    gatewayViews: createGatewayViews({ gateways, environments, addresses }),
    toolsets: createToolsets({ tools, watcher: ground.watcher }),
    grantService: createGrants(parts),
    lookup: createFunctionLookup({ gateways, functions }),
    deployments: createDeployments({ ...parts, deployments: deploymentStore, metrics }),
  }
}
type Services = ReturnType<typeof composeServices>

const composeHandlers = (parts: Parts, services: Services): Omit<Handlers, keyof LogRoutes['pages']> => ({
  ...createAccountRoutes(parts),
  ...createGatewayRoutes({ ...parts, views: services.gatewayViews }),
  ...createEnvironmentRoutes({ ...parts, ...services, runtimes: parts.acknowledgements }),
  ...createFunctionRoutes({ ...parts, ...services }),
  ...createPackageRoutes(parts),
  ...createRunRoutes({ ...parts, ...services }),
  ...createReleaseRoutes({ ...parts, ...services }),
  ...createDeploymentRoutes({ ...parts, ...services }),
  ...createApplicationRoutes({ ...parts, ...services }),
  ...createToolRoutes({ ...parts, ...services }),
})

const composeEventViews = (parts: Parts, { gatewayViews, mcpUrl }: Services): EventViews => ({
  gateway: (gatewayId) => gatewayViews.find(gatewayId),
  function: (functionId) => findFunctionView(parts.functions, parts, functionId),
  deployment: (deploymentId) => findDeploymentView(parts.deploymentStore, deploymentId),
  application: (applicationId) => findApplicationView(parts, applicationId),
  tool: (toolId) => findToolView(parts.tools, mcpUrl, toolId),
  log: (gatewayId, document) => toLogEntry(gatewayId, document as unknown as LogDocument),
})

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
  driver: RuntimeDriver
  /** Indexes aside, what has to be in the database before the first request. Safe to repeat. */
  ensureContent(): Promise<void>
  /** Begins to work; registers with `undo` what ends it and waits for work in flight. */
  start(undo: AsyncDisposableStack): Promise<void>
}

export function composeNouns(ground: Ground): Nouns {
  const parts = composeParts(ground)
  const services = composeServices(ground, parts)
  const { driver, lifecycle, toolsets, deployments } = services
  const views = composeEventViews(parts, services)
  const source = createEventSource({ ...ground, views })
  const events = createEventRoutes({ source, views })
  const logs = createLogRoutes({ ...ground, ...parts, ...services })
  const findOwner = async (gatewayId: string) => (await services.gatewayViews.find(gatewayId))?.ownerId
  const healthWatch = createHealthWatch({ ...ground, health: parts.health, findOwner, announce: source.announce, isHeard: () => source.isHeard })
  const bell = createBellRouter({ hub: parts.bellHub, tokens: parts.bellTokens })
  return {
    accounts: parts.accounts,
    audit: parts.audit,
    driver,
    lifecycle,
    events: { ...events, ...logs.tails },
    endStreams() {
      events.stop()
      logs.stop()
      bell.stop()
    },
    handlers: { ...composeHandlers(parts, services), ...logs.pages },
    mounts: [
      { path: '/mcp', handler: createMcpRouter({ ...parts, toolsets, edgeUrl: () => driver.edgeUrl() }) },
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
      undo.defer(() => driver.stop())
      const upkeep = createGatewayUpkeep(parts)
      undo.defer(() => upkeep.stop())
      upkeep.start()
      undo.defer(() => lifecycle.stop())
      await lifecycle.start()
      await driver.start()
      undo.defer(() => deployments.stop())
      deployments.start()
      undo.defer(() => services.drift.stop())
      services.drift.start()
      undo.defer(() => {
        healthWatch.stop()
        source.stop()
        toolsets.stop()
      })
    },
  }
}
