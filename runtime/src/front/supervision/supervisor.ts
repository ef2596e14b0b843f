import { entryTimeoutMs, type LogMessage } from '../../frames/frames.ts'
import type { Log } from '../../platform/log.ts'
import type { Environment, FunctionSource } from '../environment.ts'
import type { Observe } from '../observe.ts'
import type { Call, Load, LoadOutcome } from './call.ts'
import { Dispatcher } from './dispatcher.ts'
import type { CallTaker } from './internal-call.ts'
import type { FetchSource } from './missing-code.ts'
import { createSpares } from './spares.ts'

/** All workers of this runtime. Workers belong to one environment each; an environment without traffic has none. */
export interface Supervisor {
  start(): void
  dispatch(environment: Environment, call: Call): void
  load(environment: Environment, entry: Load['entry'], source: FunctionSource): Promise<LoadOutcome>
  unload(environment: Environment, functionIndex: number): void
  /** Settles when every worker of the environment goes by its settings and variables as they are now; undefined when it has none, which will begin with them. */
  configure(environment: Environment): Promise<void> | undefined
  /** Its worker finishes what runs and leaves; after `drainMs` (10 s unless said otherwise) it is made to. */
  release(environment: Environment, drainMs?: number): Promise<void>
  /** Ends every worker and waits until they are gone. */
  stop(): Promise<void>
}

export interface SupervisorOptions {
  workerPath: string
  spares: number
  idleMs: number
  fetchSource: FetchSource
  /** Functions whose published version was refused: what serves exists nowhere but in memory. */
  isIrreplaceable(environment: Environment, functionName: string): boolean
  onLog(environment: Environment, message: LogMessage): void
  log: Log
  observe: Observe
}

// One look over the calls in flight instead of a timer for each: a deadline is at most so late.
const tickMs = 20
// An answer may wait for one more entry before it leaves, and each entry may hold the worker's loop for its whole time. Silence beyond that means that even
// the limits inside the worker failed; the rest is room for a busy machine.
const heartbeat = { busyEveryMs: 200, idleEveryMs: 5_000, silentMsMax: 2 * entryTimeoutMs + 500 }

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { log, observe, idleMs } = options
  const spares = createSpares({ workerPath: options.workerPath, count: options.spares, log, observe })
  const dispatchers = new Set<Dispatcher>()
  const leaving = new Set<Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let idleCheckAtMs = 0

  const dispatcherOf = (environment: Environment): Dispatcher => {
    if (environment.dispatcher === undefined) {
      environment.dispatcher = new Dispatcher(environment, { spares, calls, fetchSource: options.fetchSource, onLog: options.onLog, log, observe })
      dispatchers.add(environment.dispatcher)
    }
    return environment.dispatcher
  }
  const dispatch = (environment: Environment, call: Call): void => {
    // What functions still ask of each other while they finish must not bring back what was sent away.
    if (environment.isGone && environment.dispatcher === undefined) call.onFailed('SHUTTING_DOWN')
    else dispatcherOf(environment).dispatch(call)
  }
  const calls: CallTaker = { dispatch }
  const retire = (dispatcher: Dispatcher, keep?: (functionName: string) => boolean, drainMs?: number): Promise<void> => {
    dispatcher.environment.dispatcher = undefined
    dispatchers.delete(dispatcher)
    const left = dispatcher.retire(keep, drainMs).catch((error: unknown) => log.error({ error }, 'A worker could not be retired.'))
    leaving.add(left)
    return left.finally(() => leaving.delete(left))
  }
  const tick = (): void => {
    const nowMs = performance.now()
    for (const dispatcher of dispatchers) {
      dispatcher.endLateCalls(nowMs)
      dispatcher.beat(nowMs, heartbeat)
    }
    if (nowMs < idleCheckAtMs) return
    idleCheckAtMs = nowMs + Math.min(1_000, idleMs / 4)
    for (const dispatcher of dispatchers) {
      const { environment } = dispatcher
      if (dispatcher.isQuiet && nowMs - dispatcher.usedAtMs > idleMs) void retire(dispatcher, (name) => options.isIrreplaceable(environment, name))
    }
  }

  return {
    start() {
      spares.start()
      timer = setInterval(tick, tickMs)
    },
    dispatch,
    load: (environment, entry, source) => dispatcherOf(environment).load(entry, source),
    unload: (environment, functionIndex) => environment.dispatcher?.unload(functionIndex),
    configure(environment) {
      const configured = [...dispatchers].flatMap((dispatcher) => (dispatcher.environment === environment ? (dispatcher.configure() ?? []) : []))
      return configured.length === 0 ? undefined : Promise.all(configured).then(() => {})
    },
    async release(environment, drainMs) {
      if (environment.dispatcher !== undefined) await retire(environment.dispatcher, undefined, drainMs)
    },
    async stop() {
      await Promise.all([...dispatchers].map((dispatcher) => retire(dispatcher)))
      clearInterval(timer)
      await spares.stop()
      await Promise.all(leaving)
    },
  }
}
