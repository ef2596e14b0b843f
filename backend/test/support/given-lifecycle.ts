import { createGatewaySchema, type Gateway } from '@imprun/contracts'
import { createAccountStore } from '../../src/accounts/account-store.ts'
import { createGuardProtected } from '../../src/approvals/guard-protected.ts'
import { createProtect } from '../../src/approvals/protect.ts'
import { createAuditStore } from '../../src/audit/audit-store.ts'
import type { Database } from '../../src/database/database.ts'
import { createGatewayDatabases } from '../../src/database/gateway-databases.ts'
import { createGatewayUsers, type GatewayUsers } from '../../src/database/gateway-users.ts'
import { createTurns } from '../../src/database/turns.ts'
import { createWatcher } from '../../src/database/watcher.ts'
import { createEnvironmentSettingsStore } from '../../src/environments/environment-settings.ts'
import { createEnvironmentStore } from '../../src/environments/environment-store.ts'
import { createAddresses } from '../../src/environments/environment-view.ts'
import { createGatewayLifecycle } from '../../src/gateways/gateway-lifecycle.ts'
import type { GatewayContent } from '../../src/gateways/gateway-machine.ts'
import { createGatewayCreation } from '../../src/gateways/gateway-routes.ts'
import { createGatewayStore } from '../../src/gateways/gateway-store.ts'
import { createGatewayViews } from '../../src/gateways/gateway-view.ts'
import { createLeftoverRecord } from '../../src/gateways/leftover-record.ts'
import { assignmentsOf } from '../../src/instances/assignments.ts'
import { createInstanceStore } from '../../src/instances/instance-store.ts'
import { createMemberStore } from '../../src/members/member-store.ts'
import type { EngineEvent, EngineLimits } from '../../src/phases/engine.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { createSecrets } from '../../src/platform/secrets.ts'
import { createRegionChecks } from '../../src/regions/region-checks.ts'
import { createRegionStore } from '../../src/regions/region-store.ts'
import type { Assignments, RuntimeDriver } from '../../src/runtime-driver/runtime-driver.ts'
import { createSecretSealer, type SecretSealer } from '../../src/variables/secret-sealer.ts'
import { createVariableHistory } from '../../src/variables/variable-history.ts'
import { createVariableStore } from '../../src/variables/variable-store.ts'
import { eventually } from './eventually.ts'
import { createFakeDriver, createFakeDriverWith } from './fake-driver.ts'
import { givenMongo } from './given-mongo.ts'
import { oneRuntime, testRuntimeId } from './one-runtime.ts'

export const owner = { userId: 'user-1', name: 'ada' }

export const deletionOrder = { isForced: false, userId: owner.userId, actor: owner.name, requestId: 'request-1' }

export interface GivenLifecycleOptions {
  /** Instead of the fake driver; started and stopped with the rest. */
  createDriver?: (parts: { database: Database; users: GatewayUsers; sealer: SecretSealer; assignments: Assignments }) => RuntimeDriver
  contents?: GatewayContent[]
  observe?: (event: EngineEvent) => void | Promise<void>
  limits?: Partial<EngineLimits>
  /** The fake driver makes no MongoDB users. */
  hasNoUsers?: boolean
  /** Leaves the engines stopped; `lifecycle.start()` begins. */
  isStopped?: boolean
}

/** Gateways and environments on a real MongoDB, moved by their engines; the driver is a fake unless one is given. */
export async function givenLifecycle(options: GivenLifecycleOptions = {}) {
  const mongo = await givenMongo()
  const { database } = mongo
  const environments = createEnvironmentStore(database)
  const members = createMemberStore(database)
  const gateways = createGatewayStore({ database, environments, members })
  const protect = createProtect({
    turns: createTurns(database),
    accounts: createAccountStore({ database, clock: systemClock }),
    members,
    gateways,
    environments,
  })
  const regions = createRegionStore(database)
  const secrets = createSecrets(Buffer.alloc(32, 7))
  const sealer = createSecretSealer(secrets)
  const variables = createVariableStore(database)
  const variableHistory = createVariableHistory({ database, sealer, clock: systemClock })
  const users = createGatewayUsers({ database, secrets })
  const databases = createGatewayDatabases(database)
  const fakeDriver = options.hasNoUsers ? createFakeDriver() : createFakeDriverWith(users)
  const instances = createInstanceStore(database)
  const driver = options.createDriver?.({ database, users, sealer, assignments: assignmentsOf(instances, testRuntimeId) }) ?? fakeDriver
  const { pool, directory, placement } = oneRuntime(driver, instances)
  const addresses = createAddresses(directory, pool)
  const regionChecks = createRegionChecks({ directory, accounts: { isAdmin: async () => false } })
  const settings = createEnvironmentSettingsStore({ database, environments, variables, variableHistory, sealer })
  const views = createGatewayViews({ gateways, environments, addresses, clock: systemClock })
  const create = createGatewayCreation({ gateways, regions, regionChecks, clock: systemClock })
  await regions.ensureLocal()
  await driver.start()

  /** The parts that die with a backend process; called again, they are its next life. */
  /** A test that fails between start and stop must not leave a life that works on the next test's documents. */
  const running = new Set<() => Promise<void>>()
  const newLife = (observe = options.observe) => {
    const watcher = createWatcher({ database, clock: systemClock, log: silentLog })
    const lifecycle = createGatewayLifecycle({
      database,
      watcher,
      clock: systemClock,
      log: silentLog,
      holder: 'test',
      gateways,
      environments,
      databases,
      users,
      settings,
      instances,
      placement,
      pool,
      contents: options.contents ?? [],
      recordLeftovers: createLeftoverRecord({ audit: createAuditStore(database), clock: systemClock }),
      ...(observe ? { observe } : {}),
      ...(options.limits ? { limits: options.limits } : {}),
    })
    const stop = async () => {
      running.delete(stop)
      await lifecycle.stop()
      await watcher.stop()
    }
    return {
      start: async () => {
        running.add(stop)
        await watcher.start()
        await lifecycle.start()
      },
      stop,
      status: lifecycle.status,
      queues: lifecycle.queues,
    }
  }
  const lifecycle = newLife()
  if (!options.isStopped) await lifecycle.start()

  return {
    mongo,
    database,
    driver: fakeDriver,
    instances,
    addresses,
    regionChecks,
    gateways,
    protect,
    guardProtected: createGuardProtected({ gateways, environments }),
    environments,
    users,
    databases,
    settings,
    variables,
    variableHistory,
    views,
    lifecycle,
    newLife,
    createGateway: (input: { name: string; gatewayId?: string; database?: 'shared' | 'separate'; regionId?: string }) =>
      create(createGatewaySchema.parse(input), owner),
    async getView(gatewayId: string): Promise<Gateway> {
      const found = await views.find(gatewayId)
      if (!found) throw new Error(`Gateway ${gatewayId} is gone.`)
      return found.gateway
    },
    /** Resolves when the gateway is in the phase. */
    reaches: (gatewayId: string, phase: Gateway['phase'], timeoutMs?: number) =>
      eventually(async () => {
        const gateway = await gateways.find(gatewayId)
        if (gateway?.phase !== phase)
          throw new Error(`Gateway ${gatewayId} is ${gateway?.phase ?? 'gone'} instead of ${phase}: ${JSON.stringify(gateway?.lastError)}`)
        return gateway
      }, timeoutMs),
    isGone: (gatewayId: string, timeoutMs?: number) =>
      eventually(async () => {
        const gateway = await gateways.find(gatewayId)
        if (gateway) throw new Error(`Gateway ${gatewayId} is still there, ${gateway.phase}: ${JSON.stringify(gateway.lastError)}`)
      }, timeoutMs),
    async [Symbol.asyncDispose]() {
      await Promise.all([...running].map((stop) => stop()))
      await driver.stop()
      await mongo[Symbol.asyncDispose]()
    },
  }
}
