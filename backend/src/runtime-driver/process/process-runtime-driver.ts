import { join } from 'node:path'
import type { BellAddress, LastError } from '@imprun/contracts'
import type { Database } from '../../database/database.ts'
import type { GatewayUsers } from '../../database/gateway-users.ts'
import { describeFailure } from '../../phases/step-failure.ts'
import { createBoundedLogFile } from '../../platform/bounded-log-file.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { SecretSealer } from '../../variables/secret-sealer.ts'
import type { Assignments, EnvironmentRef, RuntimeDriver, RuntimeDriverState } from '../runtime-driver.ts'
import { ControlLostError } from './control-client.ts'
import { noRuntime, runtimeEnded, runtimeSilent } from './driver-errors.ts'
import { type DriverTimings, defaultTimings } from './driver-timings.ts'
import type { PortRange } from './port-choice.ts'
import { createPortLeases, portLeaseTtlMs } from './port-leases.ts'
import { createRunFile } from './run-file.ts'
import { createRuntimeAssignments, type RuntimeAssignments } from './runtime-assignments.ts'
import { createRuntimeLauncher, type RuntimeLauncher, type RuntimeSession } from './runtime-launcher.ts'

export interface ProcessDriverConfig {
  /** Names the runtime, and its MongoDB user, across restarts; no two that live at once share one. */
  readonly runtimeId: string
  /** Path of the runtime's main module. */
  readonly entry: string
  /** IMPRUN_HOME: run/<name>.json and logs/<name>.log are in it. */
  readonly home: string
  /** Tells the runtime's files from those of others on this home. */
  readonly name?: string
  readonly ports: PortRange
  /** Hosts of environments end in one of these. */
  readonly baseDomains: readonly string[]
  /** Further settings of the runtime, by the names of its environment variables. */
  readonly variables?: Readonly<Record<string, string>>
}

/** How often a range that was used up is tried again. */
const portsExhaustedRetryMs = 1_000
/** Between a closed connection and the news that its process has ended. */
const endNewsMs = 1_000

export function createProcessRuntimeDriver(deps: {
  database: Database
  users: Pick<GatewayUsers, 'ensureFrontUser' | 'dropFrontUser' | 'environmentUri' | 'ensureEnvironmentUser'>
  sealer: Pick<SecretSealer, 'keysOf'>
  assignments: Assignments
  /** Where the runtime hears of changes; undefined: by change streams of its own. */
  bell?: () => BellAddress | undefined
  clock: Clock
  log: Log
  config: ProcessDriverConfig
  timings?: Partial<DriverTimings>
}): RuntimeDriver {
  const { config } = deps
  const name = config.name ?? 'runtime'
  const timings = { ...defaultTimings, ...deps.timings }
  const logFile = createBoundedLogFile(join(config.home, 'logs', `${name}.log`))
  const launcher = createRuntimeLauncher({
    ...deps,
    bell: deps.bell ?? (() => undefined),
    timings,
    logFile,
    leases: createPortLeases(deps.database),
    runFile: createRunFile(join(config.home, 'run', `${name}.json`)),
    config: { ...config, variables: { ...config.variables, IMPRUN_BASE_DOMAINS: config.baseDomains.join(',') } },
  })
  const told = createRuntimeAssignments({ ...deps, timings, baseDomains: config.baseDomains })
  return new ProcessRuntimeDriver({ ...deps, timings, launcher, told, keepLogBounded: () => logFile.keepBounded(), logPath: logFile.path })
}

interface Parts {
  readonly told: RuntimeAssignments
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
      await this.#parts.told.assign(session, ref, fence, signal)
      return { isReady: true }
    } catch (error) {
      if (error instanceof ControlLostError) return { isReady: false }
      throw error
    }
  }

  async ensureUnassigned(ref: EnvironmentRef, fence: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      const changed = this.#servingChanged.promise
      if (this.#serving.kind === 'nothing') return
      if (this.#serving.kind === 'running') {
        try {
          return await this.#parts.told.unassign(this.#serving.session, ref, fence, signal)
        } catch (error) {
          if (!(error instanceof ControlLostError)) throw error
        }
      }
      await withSignal(changed, signal)
    }
  }

  edgeUrl(): string | undefined {
    const port = this.#parts.launcher.port()
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
    const { launcher, told, timings, log } = this.#parts
    this.#setServing({ kind: 'unsure' })
    try {
      await told.assignAll(session, this.#stopping.signal)
      this.#lastError = undefined
      this.#state = 'running'
      this.#setServing({ kind: 'running', session })
      log.info({ pid: session.note.pid, port: session.note.port }, 'The runtime serves')
      for (const listener of [...this.#listeners]) listener()
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

  /** Asks the runtime now and then whether it is well. @throws ControlLostError when it hangs. */
  async #watch(session: RuntimeSession): Promise<never> {
    const { clock, log, timings, launcher, told, keepLogBounded } = this.#parts
    const { signal } = this.#stopping
    let renewedMs = clock.monotonicMs()
    for (;;) {
      await clock.sleepMs(timings.healthEveryMs, signal)
      await session.client.request({ type: 'ping' }, { timeoutMs: timings.hangsAfterMs, signal })
      await told.assignRefused(session, signal)
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
