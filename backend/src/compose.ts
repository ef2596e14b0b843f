import { createAccountRoutes } from './accounts/account-routes.ts'
import { type AccountStore, createAccountStore } from './accounts/account-store.ts'
import { createApplicationRoutes } from './applications/application-routes.ts'
import { createApplicationStore } from './applications/application-store.ts'
import { findApplicationView } from './applications/application-view.ts'
import { createGrantStore } from './applications/grant-store.ts'
import { createGrants } from './applications/grants.ts'
import { type AuditStore, createAuditStore } from './audit/audit-store.ts'
import type { Database } from './database/database.ts'
import { createGatewayDatabases } from './database/gateway-databases.ts'
import { createGatewayUsers } from './database/gateway-users.ts'
import type { Watcher } from './database/watcher.ts'
import { createDeploymentRoutes } from './deployments/deployment-routes.ts'
import { createDeploymentStore } from './deployments/deployment-store.ts'
import { findDeploymentView } from './deployments/deployment-view.ts'
import { createDeployments } from './deployments/deployments.ts'
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
import { type LogDocument, toLogEntry } from './functions/log-view.ts'
import { createGatewayLifecycle, type GatewayLifecycle } from './gateways/gateway-lifecycle.ts'
import { createGatewayRoutes } from './gateways/gateway-routes.ts'
import { createGatewayStore } from './gateways/gateway-store.ts'
import { createGatewayViews } from './gateways/gateway-view.ts'
import type { Mount } from './http/app.ts'
import type { Handlers } from './http/handlers.ts'
import { createMcpRouter } from './mcp/mcp-router.ts'
import { createToolRoutes } from './mcp/tool-routes.ts'
import { createToolStore } from './mcp/tool-store.ts'
import { findToolView, type McpUrl } from './mcp/tool-view.ts'
import { createToolsets } from './mcp/toolsets.ts'
import type { EngineEvent } from './phases/engine.ts'
import type { Clock } from './platform/clock.ts'
import type { Log } from './platform/log.ts'
import type { Secrets } from './platform/secrets.ts'
import { createAcknowledgements } from './publishing/acknowledgements.ts'
import { createCompiler } from './publishing/compile.ts'
import { createPublisher } from './publishing/publisher.ts'
import { createRegionStore } from './regions/region-store.ts'
import { createReleaseRoutes } from './releases/release-routes.ts'
import { createReleaseStore } from './releases/release-store.ts'
import type { RuntimeDriver } from './runtime-driver/runtime-driver.ts'

/** What the nouns stand on: connected, and told apart so that a test can replace one. */
export interface Ground {
  database: Database
  watcher: Watcher
  secrets: Secrets
  clock: Clock
  log: Log
  /** Names this backend across its restarts; no two that live at once share one. */
  holder: string
  /** Where callers reach the API; known once it listens. */
  apiUrl(): string
  createDriver(parts: Pick<Parts, 'database' | 'users' | 'environments' | 'clock' | 'log'>): RuntimeDriver
  /** Sees every step of the phase engine. */
  observe?: (event: EngineEvent) => void | Promise<void>
}

/** Longer than a runtime needs to be given up for lost, so that a dead one delays an answer and does not fail it. */
const acknowledgeDeadlineMs = 10_000

type Parts = ReturnType<typeof composeParts>

/** Stores and services that know nothing of each other's routes. */
function composeParts({ database, watcher, secrets, clock, log }: Ground) {
  const environments = createEnvironmentStore(database)
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
    databases: createGatewayDatabases(database),
    settings: createEnvironmentSettingsStore({ database, environments }),
    functions: createFunctionStore(database),
    releases: createReleaseStore(database),
    deploymentStore: createDeploymentStore(database),
    publisher: createPublisher(database),
    applications: createApplicationStore(database),
    grants: createGrantStore(database),
    tools: createToolStore(database),
    compiler: createCompiler(),
    acknowledgements: createAcknowledgements({ database, watcher, clock, log }),
    acknowledgeDeadlineMs,
  }
}

export interface Nouns {
  accounts: AccountStore
  audit: AuditStore
  handlers: Handlers
  /** What is served beside the API. */
  mounts: readonly Mount[]
  events: ReturnType<typeof createEventRoutes>
  lifecycle: GatewayLifecycle
  driver: RuntimeDriver
  /** Indexes aside, what has to be in the database before the first request. Safe to repeat. */
  ensureContent(): Promise<void>
  /** Begins to work; returns what undoes it and waits for work in flight. */
  start(): Promise<() => Promise<void>>
}

export function composeNouns(ground: Ground): Nouns {
  const { watcher, clock, log } = ground
  const parts = composeParts(ground)
  const { accounts, audit, environments, gateways, functions, releases, deploymentStore, grants, tools, regions, compiler, acknowledgements } = parts
  const driver = ground.createDriver(parts)
  const addresses = createAddresses(driver)
  const gatewayViews = createGatewayViews({ gateways, environments, addresses })
  const mcpUrl: McpUrl = (gatewayId, environment) => `${ground.apiUrl()}/mcp/${gatewayId}/${environment}`
  const toolsets = createToolsets({ tools, watcher })
  const grantService = createGrants(parts)
  const lookup = createFunctionLookup({ gateways, functions })
  const deployments = createDeployments({ ...parts, deployments: deploymentStore })
  const lifecycle = createGatewayLifecycle({
    ...parts,
    watcher,
    holder: ground.holder,
    driver,
    contents: [functions, releases, deploymentStore, grants, tools],
    ...(ground.observe ? { observe: ground.observe } : {}),
  })
  const views: EventViews = {
    gateway: (gatewayId) => gatewayViews.find(gatewayId),
    function: (functionId) => findFunctionView(functions, functionId),
    deployment: (deploymentId) => findDeploymentView(deploymentStore, deploymentId),
    application: (applicationId) => findApplicationView(parts, applicationId),
    tool: (toolId) => findToolView(tools, mcpUrl, toolId),
    log: (gatewayId, document) => toLogEntry(gatewayId, document as unknown as LogDocument),
  }
  const source = createEventSource({ watcher, views, log })
  return {
    accounts,
    audit,
    driver,
    lifecycle,
    events: createEventRoutes({ source, views }),
    handlers: {
      ...createAccountRoutes(),
      ...createGatewayRoutes({ gateways, environments, regions, views: gatewayViews, clock }),
      ...createEnvironmentRoutes({ ...parts, runtimes: acknowledgements, addresses }),
      ...createFunctionRoutes({ ...parts, lookup, deployments }),
      ...createReleaseRoutes({ lookup, releases }),
      ...createDeploymentRoutes({ gateways, lookup, deployments, deploymentStore }),
      ...createApplicationRoutes({ ...parts, grantService }),
      ...createToolRoutes({ tools, toolsets, lookup, mcpUrl, clock }),
    },
    mounts: [{ path: '/mcp', handler: createMcpRouter({ toolsets, environments, grants, edgeUrl: () => driver.edgeUrl(), log }) }],
    ensureContent: () => regions.ensureLocal(),
    async start() {
      await compiler.start()
      acknowledgements.start()
      await lifecycle.start()
      await driver.start()
      deployments.start()
      return async () => {
        source.stop()
        toolsets.stop()
        await deployments.stop()
        await lifecycle.stop()
        await driver.stop()
        acknowledgements.stop()
        await compiler.stop()
      }
    },
  }
}
