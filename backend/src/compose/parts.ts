import { createAccountStore } from '../accounts/account-store.ts'
import { createApplicationStore } from '../applications/application-store.ts'
import { createGrantStore } from '../applications/grant-store.ts'
import { createAuditStore } from '../audit/audit-store.ts'
import { createBellHub } from '../bell/bell-hub.ts'
import { createBellTokens } from '../bell/bell-tokens.ts'
import { createCanaryCounts } from '../canaries/canary-counts.ts'
import { createCanaryStore } from '../canaries/canary-store.ts'
import type { Database } from '../database/database.ts'
import { createGatewayDatabases } from '../database/gateway-databases.ts'
import { createGatewayUsers } from '../database/gateway-users.ts'
import { createTurns } from '../database/turns.ts'
import type { Watcher } from '../database/watcher.ts'
import { createAwaitingStore } from '../deployments/awaiting-store.ts'
import { createDeploymentStore } from '../deployments/deployment-store.ts'
import { createEnvironmentSettingsStore } from '../environments/environment-settings.ts'
import { createEnvironmentStore } from '../environments/environment-store.ts'
import { createFunctionStore } from '../functions/function-store.ts'
import { createStaleInDev } from '../functions/stale-in-dev.ts'
import { createGatewayStore } from '../gateways/gateway-store.ts'
import { createHealthStore } from '../health/health-store.ts'
import { createInstanceStore } from '../instances/instance-store.ts'
import { createRuntimeStore } from '../instances/runtime-store.ts'
import { createToolStore } from '../mcp/tool-store.ts'
import { createMemberStore } from '../members/member-store.ts'
import { createNotifierStore } from '../notifications/notifier-store.ts'
import { createOutbox } from '../notifications/outbox.ts'
import type { NotifySettings } from '../notifications/senders/senders.ts'
import { createGatewayPackages } from '../packages/gateway-packages.ts'
import type { PackageCache } from '../packages/package-cache.ts'
import { createPackageStore } from '../packages/package-store.ts'
import type { EngineEvent } from '../phases/engine.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Secrets } from '../platform/secrets.ts'
import { createAcknowledgements } from '../publishing/acknowledgements.ts'
import { createCompiler } from '../publishing/compile.ts'
import { createPublisher } from '../publishing/publisher.ts'
import { createReleaseInputs } from '../publishing/release-inputs.ts'
import { createQuotas, type QuotaSettings } from '../quotas/quotas.ts'
import { createRegionStore } from '../regions/region-store.ts'
import { createReleaseStore } from '../releases/release-store.ts'
import { createRunStore } from '../runs/run-store.ts'
import type { DriverParts } from '../runtime-driver/local-driver.ts'
import type { RuntimeDriver, RuntimeSpec } from '../runtime-driver/runtime-driver.ts'
import type { RegionDefaults } from '../runtime-driver/runtime-pool.ts'
import { createScheduleReader } from '../schedules/schedule-reader.ts'
import { createSecretSealer } from '../variables/secret-sealer.ts'
import { createVariableHistory } from '../variables/variable-history.ts'
import { createVariableStore } from '../variables/variable-store.ts'

export interface RuntimeSettings {
  /** Distinguishes this installation from others on the same database. */
  installation: string
  defaults: RegionDefaults
  /** Undefined: all. */
  regionIds: readonly string[] | undefined
  leaseMs: number
}

/** What the nouns stand on: connected, and told apart so that a test can replace one. */
export interface Ground {
  database: Database
  watcher: Watcher
  secrets: Secrets
  packageCache: PackageCache
  notify: NotifySettings
  quotaSettings: QuotaSettings
  deletionDeadlineMs: number
  /** How long the work of a backend that is silent is left to it. */
  lockMs: number
  clock: Clock
  log: Log
  /** Names this backend across its restarts; no two that live at once share one. */
  holder: string
  /** Where callers reach the API; known once it listens. */
  apiUrl(): string
  /** What this installation gives regions that do not say it, which it has runtimes for, and how soon one whose backend is silent counts as lost. */
  runtimes: RuntimeSettings
  createDriver(spec: RuntimeSpec, parts: DriverParts): RuntimeDriver
  /** Sees every step of the phase engine. */
  observe?: (event: EngineEvent) => void | Promise<void>
}

/** Longer than a runtime needs to be given up for lost, so that a dead one delays an answer and does not fail it. */
const acknowledgeDeadlineMs = 10_000

export type Parts = ReturnType<typeof composeParts>

/** Stores and services that know nothing of each other's routes. */
export function composeParts({ database, watcher, secrets, clock, log, packageCache, quotaSettings, deletionDeadlineMs, runtimes }: Ground) {
  const environments = createEnvironmentStore(database)
  const members = createMemberStore(database)
  const functions = createFunctionStore(database)
  const releases = createReleaseStore(database)
  const packageStore = createPackageStore(database)
  const packages = createGatewayPackages({ store: packageStore, cache: packageCache })
  const variables = createVariableStore(database)
  const sealer = createSecretSealer(secrets)
  const variableHistory = createVariableHistory({ database, sealer, clock })
  const turns = createTurns(database)
  return {
    database,
    secrets,
    clock,
    log,
    accounts: createAccountStore({ database, clock }),
    audit: createAuditStore(database),
    environments,
    instances: createInstanceStore(database),
    runtimeStore: createRuntimeStore(database, runtimes.leaseMs),
    members,
    gateways: createGatewayStore({ database, environments, members, deletionDeadlineMs }),
    regions: createRegionStore(database),
    regionDefaults: runtimes.defaults,
    users: createGatewayUsers({ database, secrets }),
    bellTokens: createBellTokens(secrets),
    bellHub: createBellHub({ watcher }),
    databases: createGatewayDatabases(database),
    variables,
    variableHistory,
    sealer,
    settings: createEnvironmentSettingsStore({ database, environments, variables, variableHistory, sealer }),
    functions,
    packageStore,
    packageCache,
    health: createHealthStore({ database, clock }),
    schedules: createScheduleReader(database),
    staleInDev: createStaleInDev({ functions, releases }),
    releases,
    runs: createRunStore(database),
    deploymentStore: createDeploymentStore(database),
    awaiting: createAwaitingStore(database),
    canaries: createCanaryStore(database),
    canaryCounts: createCanaryCounts({ database, clock }),
    publisher: createPublisher(database),
    turns,
    quotas: createQuotas({ database, turns, settings: quotaSettings }),
    notifiers: createNotifierStore({ database, secrets, clock }),
    outbox: createOutbox(database),
    applications: createApplicationStore(database),
    grants: createGrantStore(database),
    tools: createToolStore(database),
    compiler: createCompiler({ files: functions, packages }),
    inputs: createReleaseInputs({ functions, packages }),
    acknowledgements: createAcknowledgements({ database, watcher, clock, log }),
    acknowledgeDeadlineMs,
  }
}
