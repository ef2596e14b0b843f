import {
  type DeploymentStatus,
  type EnvironmentName,
  ImprunError,
  isImprunError,
  type RouteBody,
  type RouteName,
  type RouteParams,
  type RouteQuery,
} from '@imprun/contracts'
import { createAuditStore } from '../../src/audit/audit-store.ts'
import { createCanaryCounts } from '../../src/canaries/canary-counts.ts'
import { createCanaryRoutes } from '../../src/canaries/canary-routes.ts'
import { createCanaryStore } from '../../src/canaries/canary-store.ts'
import { ensureGatewayIndexes } from '../../src/database/indexes.ts'
import { createTurns } from '../../src/database/turns.ts'
import { createWatcher } from '../../src/database/watcher.ts'
import { createAwaitingStore } from '../../src/deployments/awaiting-store.ts'
import { createDeploymentRoutes } from '../../src/deployments/deployment-routes.ts'
import { createDeploymentStore } from '../../src/deployments/deployment-store.ts'
import { createDeployments } from '../../src/deployments/deployments.ts'
import { createSetRoutes } from '../../src/deployments/set-routes.ts'
import { createFunctionLookup } from '../../src/functions/function-lookup.ts'
import { createFunctionRoutes } from '../../src/functions/function-routes.ts'
import { createFunctionStore } from '../../src/functions/function-store.ts'
import { createStaleInDev } from '../../src/functions/stale-in-dev.ts'
import { createHealthStore } from '../../src/health/health-store.ts'
import type { ApiRequest, Caller } from '../../src/http/handlers.ts'
import { createLogRoutes } from '../../src/logs/log-routes.ts'
import { createToolStore } from '../../src/mcp/tool-store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { createAcknowledgements } from '../../src/publishing/acknowledgements.ts'
import { type Compiler, createCompiler } from '../../src/publishing/compile.ts'
import { createPublisher } from '../../src/publishing/publisher.ts'
import { createReleaseInputs } from '../../src/publishing/release-inputs.ts'
import { createQuotas } from '../../src/quotas/quotas.ts'
import { createReleaseRoutes } from '../../src/releases/release-routes.ts'
import { createReleaseStore } from '../../src/releases/release-store.ts'
import { createScheduleReader } from '../../src/schedules/schedule-reader.ts'
import { createVariableStore } from '../../src/variables/variable-store.ts'
import { eventually } from './eventually.ts'
import { givenMongo } from './given-mongo.ts'

export const ada: Caller = { userId: 'user-ada', name: 'ada' }
export const grace: Caller = { userId: 'user-grace', name: 'grace' }
export const taxCode = (rate: number): string =>
  `export default async function calculateTax(req: any, res: any) { return res.json({ tax: req.body.income * ${rate} }) }`

interface EnvironmentFixture {
  state: 'active' | 'inactive'
  phase: 'Started' | 'Starting' | 'Stopped'
  held?: { reason: string; at: Date; by: string } | undefined
}
export interface GatewayFixture {
  gatewayId: string
  ownerId: string
  pipeline: 'on' | 'off'
  isBeingDeleted: boolean
  environments: Record<EnvironmentName, EnvironmentFixture>
}

/** Functions, releases and deployments on a real MongoDB, in gateways that are simply there; runtimes come from `givenRuntime`. */
export async function givenFunctions({ acknowledgeDeadlineMs = 5_000 } = {}) {
  const mongo = await givenMongo()
  const { database } = mongo
  const known = new Map<string, GatewayFixture>()
  const givenGateway = async (gatewayId: string, more: Partial<GatewayFixture> = {}) => {
    const started = () => ({ state: 'active', phase: 'Started' }) as const
    const environments = { dev: started(), staging: started(), prod: started() }
    const gateway: GatewayFixture = { gatewayId, ownerId: ada.userId, pipeline: 'on', isBeingDeleted: false, environments, ...more }
    known.set(gatewayId, gateway)
    await ensureGatewayIndexes(database, gatewayId)
    return gateway
  }
  const getOwned = async (gatewayId: string, ownerId: string) => {
    const gateway = known.get(gatewayId)
    if (gateway?.ownerId !== ownerId) throw new ImprunError('GATEWAY_NOT_FOUND', `There is no gateway "${gatewayId}".`)
    return gateway
  }
  const gateways = {
    getOwned,
    async getChangeable(gatewayId: string, ownerId: string) {
      const gateway = await getOwned(gatewayId, ownerId)
      if (gateway.isBeingDeleted) throw new ImprunError('GATEWAY_BEING_DELETED', 'It is being deleted.')
      return gateway
    },
  }
  const environments = {
    async get(gatewayId: string, environment: EnvironmentName) {
      const found = known.get(gatewayId)?.environments[environment]
      if (!found) throw new ImprunError('ENVIRONMENT_NOT_FOUND', `There is no environment ${environment}.`)
      return found
    },
    async setHold(gatewayId: string, environment: EnvironmentName, held: EnvironmentFixture['held']) {
      const found = known.get(gatewayId)?.environments[environment]
      if (found) found.held = held
    },
  }

  const watcher = createWatcher({ database, clock: systemClock, log: silentLog })
  await watcher.start()
  const functions = createFunctionStore(database)
  const realCompiler = createCompiler({ files: functions, packages: { find: async () => undefined } })
  await realCompiler.start()
  let compilations = 0
  const compiler: Compiler = {
    ...realCompiler,
    compile(unit) {
      compilations += 1
      return realCompiler.compile(unit)
    },
  }
  const releases = createReleaseStore(database)
  const variables = createVariableStore(database)
  const deploymentStore = createDeploymentStore(database)
  const publisher = createPublisher(database)
  const tools = createToolStore(database)
  const lookup = createFunctionLookup({ gateways, functions })

  /** The parts that die with a backend process; called again, they are another backend on the same database. */
  const newBackend = () => {
    const acknowledgements = createAcknowledgements({ database, watcher, clock: systemClock, log: silentLog })
    acknowledgements.start()
    const parts = {
      database,
      clock: systemClock,
      log: silentLog,
      functions,
      releases,
      publisher,
      acknowledgements,
      compiler,
      inputs: createReleaseInputs({ functions, packages: { find: async () => undefined } }),
      environments,
      variables,
      guardProtected: async () => {},
      quotas: createQuotas({
        database,
        turns: createTurns(database),
        settings: { gatewaysPerUser: 1000, functionsPerGateway: 1000, dataMbPerEnvironment: undefined },
      }),
      health: createHealthStore({ database, clock: systemClock }),
      schedules: createScheduleReader(database),
      staleInDev: createStaleInDev({ functions, releases }),
      acknowledgeDeadlineMs,
      canaries: createCanaryStore(database),
      awaiting: createAwaitingStore(database),
      audit: createAuditStore(database),
      canaryCounts: createCanaryCounts({ database, clock: systemClock }),
    }
    const deployments = createDeployments({ ...parts, deployments: deploymentStore })
    const routes = {
      ...createFunctionRoutes({ ...parts, gateways, lookup, tools, deployments, deploymentStore }),
      ...createLogRoutes({ database, watcher, gateways, lookup, log: silentLog }).pages,
      ...createReleaseRoutes({ lookup, releases }),
      ...createSetRoutes({ ...parts, gateways, deployments, deploymentStore }),
      ...createDeploymentRoutes({ gateways, lookup, deployments, deploymentStore }),
      ...createCanaryRoutes({ ...parts, gateways, deploymentStore }),
    }
    return {
      routes,
      deployments,
      acknowledgements,
      async stop() {
        await deployments.stop()
        acknowledgements.stop()
      },
    }
  }
  const backend = newBackend()
  backend.deployments.start()
  const others: (typeof backend)[] = []

  return {
    mongo,
    database,
    watcher,
    functions,
    releases,
    variables,
    deploymentStore,
    gateways,
    environments,
    ...backend,
    newBackend() {
      const other = newBackend()
      others.push(other)
      return other
    },
    givenGateway,
    /** How often anything was compiled. */
    compilations: () => compilations,
    /** The newest deployment with this status, once there is one. */
    reaches: (status: DeploymentStatus) =>
      eventually(async () => {
        const { items } = await backend.routes.listDeployments(request<'listDeployments'>({ query: { status } }))
        const [newest] = items
        if (!newest) throw new Error(`No deployment is ${status} yet.`)
        return newest
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all([backend, ...others].map((each) => each.stop()))
      await watcher.stop()
      await compiler.stop()
      await mongo[Symbol.asyncDispose]()
    },
  }
}
export type GivenFunctions = Awaited<ReturnType<typeof givenFunctions>>

interface Asked<Name extends RouteName> {
  params?: Partial<RouteParams<Name>>
  query?: Partial<RouteQuery<Name>>
  body?: RouteBody<Name>
  by?: Caller
}
let requests = 0

/** A request as the HTTP layer hands it over: parsed, signed in. `facts` is what the audit record would hold. */
export function request<Name extends RouteName>(asked: Asked<Name>, facts: Record<string, unknown> = {}): ApiRequest<Name> {
  return {
    params: { gatewayId: 'hometax', functionId: 'calculateTax', ...asked.params } as RouteParams<Name>,
    query: { limit: 50, ...asked.query } as RouteQuery<Name>,
    body: asked.body as RouteBody<Name>,
    account: asked.by ?? ada,
    requestId: `request-${++requests}`,
    receivedAtMs: systemClock.monotonicMs(),
    signal: new AbortController().signal,
    audit: (more) => void Object.assign(facts, more),
  }
}

/** @returns the problem that the call ended with. */
export async function problemOf(call: Promise<unknown>): Promise<ImprunError> {
  try {
    await call
  } catch (error) {
    if (isImprunError(error)) return error
    throw error
  }
  throw new Error('The call was expected to be refused.')
}
