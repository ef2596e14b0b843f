import { join } from 'node:path'
import { type Assignment, environmentDatabaseName, gatewayDatabaseName, type LastError } from '@imprun/contracts'
import type { Database } from '../../database/database.ts'
import type { GatewayUsers } from '../../database/gateway-users.ts'
import { describeFailure } from '../../phases/step-failure.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Assignments, EnvironmentRef, RuntimeDriver, RuntimeDriverState } from '../runtime-driver.ts'
import { createBoundedLogFile } from './bounded-log-file.ts'
import { ControlLostError, type ControlMessage, ControlRefusedError } from './control-client.ts'
import { noRuntime, runtimeEnded, runtimeRefused, runtimeSilent } from './driver-errors.ts'
import type { PortRange } from './port-choice.ts'
import { createPortLeases, portLeaseTtlMs } from './port-leases.ts'
import { createRunFile } from './run-file.ts'
import { createRuntimeLauncher, type LaunchTimings, type RuntimeLauncher, type RuntimeSession } from './runtime-launcher.ts'

export interface ProcessDriverConfig {
  /** Names the runtime, and its MongoDB user, across restarts; no two that live at once share one. */
  readonly runtimeId: string
  /** Path of the runtime's main module. */
  readonly entry: string
  /** IMPRUN_HOME: run/runtime.json and logs/runtime.log are in it. */
  readonly home: string
  readonly ports: PortRange
  /** Hosts of environments end in one of these. */
  readonly baseDomains: readonly string[]
  /** Further settings of the runtime, by the names of its environment variables. */
  readonly variables?: Readonly<Record<string, string>>
}

export interface DriverTimings extends LaunchTimings {
  readonly healthEveryMs: number
  /** A runtime that leaves a ping unanswered for so long hangs, and is killed. */
  readonly hangsAfterMs: number
  readonly syncTimeoutMs: number
  readonly assignTimeoutMs: number
  readonly restartMinMs: number
  readonly restartMaxMs: number
  /** One that has served for so long was healthy: its next restart does not wait. */
  readonly healthyAfterMs: number
}

export const defaultTimings: DriverTimings = {
  startTimeoutMs: 20_000,
  helloTimeoutMs: 3_000,
  drainTimeoutMs: 15_000,
  killGraceMs: 3_000,
  healthEveryMs: 2_000,
  hangsAfterMs: 5_000,
  syncTimeoutMs: 60_000,
  assignTimeoutMs: 30_000,
  restartMinMs: 100,
  restartMaxMs: 10_000,
  healthyAfterMs: 10_000,
}

/** How often a range that was used up is tried again. */
const portsExhaustedRetryMs = 1_000
/** Between a closed connection and the news that its process has ended. */
const endNewsMs = 1_000

export function createProcessRuntimeDriver(deps: {
  database: Database
  users: Pick<GatewayUsers, 'ensureFrontUser' | 'environmentUri'>
  assignments: Assignments
  clock: Clock
  log: Log
  config: ProcessDriverConfig
  timings?: Partial<DriverTimings>
}): RuntimeDriver {
  const { config } = deps
  const timings = { ...defaultTimings, ...deps.timings }
  const logFile = createBoundedLogFile(join(config.home, 'logs', 'runtime.log'))
  const launcher = createRuntimeLauncher({
    ...deps,
    timings,
    logFile,
    leases: createPortLeases(deps.database),
    runFile: createRunFile(join(config.home, 'run', 'runtime.json')),
    config: { ...config, variables: { ...config.variables, IMPRUN_BASE_DOMAINS: config.baseDomains.join(',') } },
  })
  return new ProcessRuntimeDriver({ ...deps, timings, launcher, keepLogBounded: () => logFile.keepBounded(), logPath: logFile.path })
}

interface Parts {
  readonly users: Pick<GatewayUsers, 'environmentUri'>
  readonly assignments: Assignments
  readonly clock: Clock
  readonly log: Log
  readonly config: ProcessDriverConfig
  readonly timings: DriverTimings
  readonly launcher: RuntimeLauncher
  readonly logPath: string
  keepLogBounded(): Promise<void>
}

/** What is served at this moment. */
type Serving =
  /** A runtime may serve something: it is being found, told or ended. */
  | { readonly kind: 'unsure' }
  /** No runtime serves anything. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'running'; readonly session: RuntimeSession }

/** One runtime on this machine, which serves every environment. It outlives a backend that is killed, and is taken over by the next. */
class ProcessRuntimeDriver implements RuntimeDriver {
  readonly #parts: Parts
  readonly #stopping = new AbortController()
  readonly #listeners = new Set<() => void>()
  #serving: Serving = { kind: 'unsure' }
  #servingChanged = Promise.withResolvers<void>()
  #state: RuntimeDriverState = 'stopped'
  #lastError: LastError | undefined
  #supervising: Promise<void> | undefined
  /** Environments that the runtime refused while everything else was assigned again; tried again with every look at its health. */
  #refused: Assignment[] = []

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    this.#state = 'starting'
    this.#supervising = this.#supervise()
  }

  async stop(): Promise<void> {
    const serving = this.#serving
    this.#stopping.abort(new Error('The driver stops.'))
    await this.#supervising
    const { launcher, log } = this.#parts
    try {
      const session = serving.kind === 'running' ? serving.session : await launcher.adopt(new AbortController().signal)
      if (session) await launcher.stop(session)
      await launcher.forget()
    } catch (error) {
      log.warn({ error }, 'What is left of the runtime is taken care of at the next start')
    }
    this.#setServing({ kind: 'nothing' })
    this.#state = 'stopped'
  }

  async ensureAssigned(ref: EnvironmentRef, fence: number, signal: AbortSignal): Promise<{ isReady: boolean }> {
    if (this.#serving.kind !== 'running') {
      if (this.#lastError) throw noRuntime(this.#lastError)
      return { isReady: false }
    }
    const { session } = this.#serving
    try {
      await this.#request(session, { type: 'assign', assignment: this.#assignmentOf(ref, fence) }, signal)
      return { isReady: true }
    } catch (error) {
      if (error instanceof ControlLostError) return { isReady: false }
      throw error
    }
  }

  async ensureUnassigned({ gatewayId, environment }: EnvironmentRef, fence: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      const changed = this.#servingChanged.promise
      if (this.#serving.kind === 'nothing') return
      if (this.#serving.kind === 'running') {
        try {
          return await this.#request(this.#serving.session, { type: 'unassign', gatewayId, environment, fence }, signal)
        } catch (error) {
          if (!(error instanceof ControlLostError)) throw error
        }
      }
      await withSignal(changed, signal)
    }
  }

  edgeUrl(): string | undefined {
    const port = this.#parts.launcher.port() ?? (this.#parts.config.ports.first || undefined)
    return port === undefined ? undefined : `http://localhost:${port}`
  }

  state(): RuntimeDriverState {
    return this.#state
  }

  lastError(): LastError | undefined {
    return this.#lastError
  }

  onRunning(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Has one runtime at all times until told to stop. */
  async #supervise(): Promise<void> {
    const { clock, log, timings } = this.#parts
    let failures = 0
    while (!this.#stopping.signal.aborted) {
      const startedMs = clock.monotonicMs()
      try {
        await this.#serve(await this.#findOrLaunch())
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        this.#lastError = { ...describeFailure(error), at: clock.now().toISOString() }
        log.warn({ error }, 'No runtime serves')
      }
      this.#state = 'restarting'
      if (this.#serving.kind === 'running') this.#setServing({ kind: 'unsure' })
      failures = clock.monotonicMs() - startedMs > timings.healthyAfterMs ? 0 : failures + 1
      await clock.sleepMs(this.#restartAfterMs(failures), this.#stopping.signal).catch(() => {})
    }
  }

  #restartAfterMs(failures: number): number {
    const { restartMinMs, restartMaxMs } = this.#parts.timings
    if (this.#lastError?.code === 'PORTS_EXHAUSTED') return portsExhaustedRetryMs
    return failures === 0 ? 0 : Math.min(restartMinMs * 2 ** (failures - 1), restartMaxMs)
  }

  async #findOrLaunch(): Promise<RuntimeSession> {
    const { launcher } = this.#parts
    const adopted = await launcher.adopt(this.#stopping.signal)
    if (adopted) return adopted
    // What is read as assignments from here on is read after any "unassigned" that is answered now.
    this.#setServing({ kind: 'nothing' })
    return launcher.launch(this.#stopping.signal)
  }

  /** Tells the runtime everything it has to serve, then watches over it. Throws why it serves no more. */
  async #serve(session: RuntimeSession): Promise<never> {
    const { launcher, timings, log } = this.#parts
    this.#setServing({ kind: 'unsure' })
    await this.#assignAll(session)
    this.#stopping.signal.throwIfAborted()
    this.#lastError = undefined
    this.#state = 'running'
    this.#setServing({ kind: 'running', session })
    log.info({ pid: session.note.pid, port: session.note.port }, 'The runtime serves')
    for (const listener of [...this.#listeners]) listener()
    try {
      return await Promise.race([this.#watch(session), this.#end(session)])
    } catch (error) {
      if (!(error instanceof ControlLostError)) throw error
      if (error.how === 'closed') return await this.#end(session)
      await launcher.kill(session)
      throw runtimeSilent(timings.hangsAfterMs)
    } finally {
      if (!this.#stopping.signal.aborted) session.client.close()
    }
  }

  async #assignAll(session: RuntimeSession): Promise<void> {
    const { assignments, timings, log } = this.#parts
    const wanted = (await assignments()).map(({ ref, fence }) => this.#assignmentOf(ref, fence))
    this.#refused = []
    try {
      await session.client.request({ type: 'sync', assignments: wanted }, { timeoutMs: timings.syncTimeoutMs, signal: this.#stopping.signal })
    } catch (error) {
      if (!(error instanceof ControlRefusedError)) throw error
      // One that cannot be served must not keep the others from it.
      log.warn({ error }, 'The runtime refuses to take everything at once; environments are assigned one by one')
      this.#refused = wanted
      await this.#assignRefused(session)
    }
  }

  async #assignRefused(session: RuntimeSession): Promise<void> {
    const { timings } = this.#parts
    const before = this.#refused
    this.#refused = []
    for (const assignment of before) {
      try {
        await session.client.request({ type: 'assign', assignment }, { timeoutMs: timings.assignTimeoutMs, signal: this.#stopping.signal })
      } catch (error) {
        if (!(error instanceof ControlRefusedError)) throw error
        if (error.code !== 'FENCE_STALE') this.#refused.push(assignment)
      }
    }
  }

  /** Asks the runtime now and then whether it is well. @throws ControlLostError when it hangs. */
  async #watch(session: RuntimeSession): Promise<never> {
    const { clock, log, timings, launcher, keepLogBounded } = this.#parts
    const { signal } = this.#stopping
    let renewedMs = clock.monotonicMs()
    for (;;) {
      await clock.sleepMs(timings.healthEveryMs, signal)
      await session.client.request({ type: 'ping' }, { timeoutMs: timings.hangsAfterMs, signal })
      await this.#assignRefused(session)
      await keepLogBounded().catch((error) => log.warn({ error }, "The runtime's log cannot be kept short"))
      if (clock.monotonicMs() - renewedMs < portLeaseTtlMs / 3) continue
      renewedMs = clock.monotonicMs()
      await launcher.renewLease().catch((error) => log.warn({ error }, 'The lease of the edge port cannot be renewed for now'))
    }
  }

  /** Throws once the connection is gone. */
  async #end({ client, ended }: RuntimeSession): Promise<never> {
    const { clock, logPath } = this.#parts
    await client.closed
    const how = await Promise.race([ended ?? 'it left', clock.sleepMs(endNewsMs).then(() => 'it closed the connection')])
    throw runtimeEnded(how, logPath)
  }

  async #request(session: RuntimeSession, message: ControlMessage, signal: AbortSignal): Promise<void> {
    try {
      await session.client.request(message, { timeoutMs: this.#parts.timings.assignTimeoutMs, signal })
    } catch (error) {
      // An answer that does not come says nothing about what was done: a new connection begins with the whole truth.
      if (error instanceof ControlLostError) session.client.close()
      throw error instanceof ControlRefusedError ? runtimeRefused(error.message) : error
    }
  }

  #assignmentOf({ gatewayId, environment, database }: EnvironmentRef, fence: number): Assignment {
    const { users, config } = this.#parts
    return {
      gatewayId,
      environment,
      fence,
      hosts: config.baseDomains.map((domain) => `${gatewayId}.${environment}.${domain}`),
      gatewayDatabase: gatewayDatabaseName(gatewayId),
      dataDatabase: environmentDatabaseName(gatewayId, environment, database),
      dataUri: users.environmentUri(gatewayId, environment),
    }
  }

  #setServing(serving: Serving): void {
    this.#serving = serving
    const changed = this.#servingChanged
    this.#servingChanged = Promise.withResolvers()
    changed.resolve()
  }
}

function withSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController()
  const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { signal: over.signal }))
  return Promise.race([work, aborted]).finally(() => over.abort())
}
