import type { Assignment } from '@imprun/contracts'
import type { MongoClient } from 'mongodb'
import type { Log } from '../platform/log.ts'
import { createCanaryCounts } from './canary/canary-counts.ts'
import { createDirectory } from './directory.ts'
import { Environment, environmentKey } from './environment.ts'
import { createAcknowledger } from './functions/acknowledger.ts'
import type { Bell } from './functions/bell.ts'
import { createFollowers, type GatewayFollower } from './functions/gateway-follower.ts'
import { createGatewayReader } from './functions/gateway-reader.ts'
import { createHeartbeat } from './functions/heartbeat.ts'
import type { FunctionHost } from './functions/served-environment.ts'
import { createOriginReader } from './http/caller-origin.ts'
import { createEdgeServer } from './http/edge-server.ts'
import { chooseExchange, type HttpClassesWish } from './http/exchange/choose-exchange.ts'
import { createRequestHandler } from './http/request-handler.ts'
import { createLogBatcher } from './logs/log-batcher.ts'
import type { Observe } from './observe.ts'
import { type Readiness, readReadiness } from './readiness.ts'
import { createRuns } from './runs/runs.ts'
import { createScheduleStore } from './schedules/schedule-store.ts'
import { createScheduler, type Scheduler } from './schedules/scheduler.ts'
import { createCallStats } from './stats/call-stats.ts'
import { createSupervisor } from './supervision/supervisor.ts'
import type { WorkerProgram } from './supervision/worker-process.ts'

/** The part of a runtime that takes requests: serves the environments it is given, and runs no code of theirs itself. */
export interface Front {
  /** @returns the port it listens on @throws the system's error when the port is taken */
  start(): Promise<number>
  /** Settles when requests to the environment are answered from its own tables. Known already: takes over what changed in the assignment. */
  serve(assignment: Assignment): Promise<void>
  /** Settles when the environment is not served any more and its worker has left. */
  letGo(key: string): Promise<void>
  keys(): string[]
  readonly port: number
  /** Accepts no more, finishes what runs, leaves nothing behind. */
  stop(): Promise<void>
}

export interface FrontOptions {
  runtimeId: string
  host: string
  port: number
  baseDomains: readonly string[]
  spares: number
  idleMs: number
  /** Of all workers together, in MiB. */
  memoryMb: number
  httpClasses: HttpClassesWish
  /** Whose word about a caller counts. */
  trustedProxies: readonly string[]
  program: WorkerProgram
  client: MongoClient
  bell: Bell
  log: Log
  observe: Observe
}

// The driver waits 15 s for a runtime that it has told to stop.
const drainMsMax = 14_000
// Of them, what is kept for workers whose calls took all the rest.
const workersDrainMsMin = 1_000
// What is written when the workers have left.
const goodbyeMsMax = 500

interface Holding {
  environment: Environment
  /** Settles when it is in the directory. */
  ready: Promise<void>
}
interface Gateway {
  follower: GatewayFollower
  /** Made with the first schedule: most gateways have none, and there are thousands. */
  scheduler: Scheduler | undefined
}

export function createFront(options: FrontOptions): Front {
  const { client, log, observe } = options
  const directory = createDirectory(options.baseDomains)
  const gateways = new Map<string, Gateway>()
  const environments = new Map<string, Holding>()
  const reader = createGatewayReader(client, log)
  const heartbeat = createHeartbeat({ client, runtimeId: options.runtimeId, log })
  const logs = createLogBatcher({ client, log, observe })
  const stats = createCallStats({ client, log })
  const canaryCounts = createCanaryCounts({ client, log })
  const supervisor = createSupervisor({
    program: options.program,
    spares: options.spares,
    idleMs: options.idleMs,
    memoryMb: options.memoryMb,
    fetchSource: async (environment, name) => reader.readSource(environment.assignment.gatewayDatabase, environment.name, name),
    isIrreplaceable: (environment, name) => gateways.get(environment.gatewayId)?.follower.hasRefused(environment.name, name) ?? false,
    onLog: (environment, message) => {
      if (!runs.takeLog(message)) logs.add(environment, message)
    },
    count: stats.count,
    onQuarantineChanged: (environment) => gateways.get(environment.gatewayId)?.follower.tellAgain(environment),
    log,
    observe,
  })
  const runs = createRuns({ client, supervisor, log })
  let isStopping = false
  const schedulerOf = (gateway: Gateway, gatewayDatabase: string): Scheduler => {
    const store = createScheduleStore(client.db(gatewayDatabase))
    gateway.scheduler ??= createScheduler({ store, calls: supervisor, onLog: logs.add, log, observe })
    return gateway.scheduler
  }
  const schedule: FunctionHost['schedule'] = (environment, name, rule, revision) => {
    const gateway = gateways.get(environment.gatewayId)
    if (gateway === undefined || isStopping) return
    if (rule === undefined) gateway.scheduler?.put(environment, name, undefined, revision)
    else schedulerOf(gateway, environment.assignment.gatewayDatabase).put(environment, name, rule, revision)
  }
  const acknowledger = createAcknowledger({ client, runtimeId: options.runtimeId, log, observe })
  const follow = createFollowers({ reader, acknowledger, bell: options.bell, host: { ...supervisor, schedule, canaryCounts }, log, observe })
  const followers = function* (): Iterable<GatewayFollower> {
    for (const { follower } of gateways.values()) yield follower
  }
  const readiness = (): Readiness => readReadiness(followers(), environments.size, isStopping)
  const handler = createRequestHandler({ directory, supervisor, runs, stats, readiness, readOrigin: createOriginReader(options.trustedProxies) })
  const server = createEdgeServer(handler, chooseExchange(options.httpClasses, log))

  const gatewayOf = ({ gatewayId, gatewayDatabase }: Assignment): Gateway => {
    const known = gateways.get(gatewayId)
    if (known !== undefined) return known
    const gateway: Gateway = { follower: follow({ gatewayId, gatewayDatabase }), scheduler: undefined }
    gateways.set(gatewayId, gateway)
    return gateway
  }
  const letGatewayGo = async (gatewayId: string): Promise<void> => {
    const gateway = gateways.get(gatewayId)
    if (gateway === undefined || !gateway.follower.isEmpty) return
    gateways.delete(gatewayId)
    await Promise.all([gateway.follower.stop(), gateway.scheduler?.stop()])
  }
  const letGo = async (key: string, drainMs?: number): Promise<void> => {
    const environment = environments.get(key)?.environment
    if (environment === undefined) return
    environments.delete(key)
    environment.isGone = true
    directory.remove(environment)
    gateways.get(environment.gatewayId)?.scheduler?.forget(environment)
    // The gateway's database or this runtime's rights to it may be gone already; its document there is gone with them.
    await Promise.allSettled([gateways.get(environment.gatewayId)?.follower.remove(environment), supervisor.release(environment, drainMs)])
    await letGatewayGo(environment.gatewayId)
    await Promise.all([logs, stats, canaryCounts].map((each) => each.settle(environment.assignment.gatewayDatabase)))
  }
  const take = (key: string, environment: Environment): Holding => {
    const ready = Promise.all([gatewayOf(environment.assignment).follower.add(environment), heartbeat.begun])
    const holding: Holding = { environment, ready: ready.then(() => directory.add(environment)) }
    environments.set(key, holding)
    holding.ready.catch(() => {
      if (environments.get(key) === holding) environments.delete(key)
    })
    return holding
  }
  const update = async (environment: Environment, assignment: Assignment): Promise<void> => {
    const isServed = directory.get(environment.key) === environment
    const hasNewData = environment.assignment.dataUri !== assignment.dataUri || environment.assignment.dataDatabase !== assignment.dataDatabase
    if (isServed) directory.remove(environment)
    const { memoryMb, cpuMillicores } = environment
    environment.assignment = assignment
    if (isServed) directory.add(environment)
    // A bound worker holds the old address; the next request binds another one.
    if (hasNewData) await supervisor.release(environment)
    else if (memoryMb !== environment.memoryMb || cpuMillicores !== environment.cpuMillicores) await supervisor.configure(environment)
  }

  return {
    get port() {
      return server.port
    },
    async start() {
      const port = await server.listen(options.host, options.port)
      supervisor.start()
      heartbeat.start()
      return port
    },
    async serve(assignment) {
      const key = environmentKey(assignment.gatewayId, assignment.environment)
      const known = environments.get(key)
      if (known !== undefined) await update(known.environment, assignment)
      await (known ?? take(key, new Environment(assignment))).ready
    },
    letGo: (key) => letGo(key),
    keys: () => [...environments.keys()],
    async stop() {
      isStopping = true
      const endAtMs = performance.now() + drainMsMax
      for (const { scheduler } of gateways.values()) scheduler?.quit()
      await server.close(drainMsMax - workersDrainMsMin)
      const drainMs = Math.max(workersDrainMsMin, endAtMs - performance.now())
      const takeLeave = async (): Promise<void> => {
        await Promise.all([...environments.keys()].map((key) => letGo(key, drainMs)))
        await Promise.all([supervisor.stop(), heartbeat.stop()])
        await Promise.all([logs.stop(), stats.stop(), canaryCounts.stop()])
      }
      // A database that is away would be waited for at each of these; what it was not told grows old by itself, and workers end with their sockets.
      const timeUp = new Promise<void>((resolve) => setTimeout(resolve, drainMs + goodbyeMsMax).unref())
      await Promise.race([takeLeave(), timeUp])
    },
  }
}
