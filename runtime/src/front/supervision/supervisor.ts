import { entryTimeoutMs, type LogMessage } from '../../frames/frames.ts'
import type { Log } from '../../platform/log.ts'
import type { Environment, FunctionSource } from '../environment.ts'
import type { Observe } from '../observe.ts'
import type { Call, Load, LoadOutcome } from './call.ts'
import { Dispatcher } from './dispatcher.ts'
import type { CallTaker } from './internal-call.ts'
import { pickForRoom } from './memory-budget.ts'
import type { FetchSource } from './missing-code.ts'
import { createQuarantineKeeper } from './quarantine-keeper.ts'
import { createSpares } from './spares.ts'
import type { WorkerProgram } from './worker-process.ts'

/** All workers of this runtime. Workers belong to one environment each; an environment without traffic has none. */
export interface Supervisor {
  start(): void
  dispatch(environment: Environment, call: Call): void
  count: CallTaker['count']
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
  program: WorkerProgram
  spares: number
  idleMs: number
  /** Of all workers together, in MiB: beyond it those that nobody needs leave before their time. */
  memoryMb: number
  fetchSource: FetchSource
  /** Functions whose published version was refused: what serves exists nowhere but in memory. */
  isIrreplaceable(environment: Environment, functionName: string): boolean
  onLog(environment: Environment, message: LogMessage): void
  count: CallTaker['count']
  /** Another version is kept apart now, see `environment.quarantine`. */
  onQuarantineChanged(environment: Environment): void
  log: Log
  observe: Observe
}

/** Where an environment keeps its workers: one for its functions, another for what must not touch them: versions in quarantine and code that was never saved. */
type Lane = 'dispatcher' | 'quarantineDispatcher'
const lanes: readonly Lane[] = ['dispatcher', 'quarantineDispatcher']

// One look over the calls in flight instead of a timer for each: a deadline is at most so late.
const tickMs = 20
// No entry holds a worker's loop for longer than its time limit, and its answer leaves before the next one begins. Silence beyond that means that even the limits
// inside the worker failed; the rest is room for a busy machine, and more of it for a worker that gets no processor.
const heartbeat = {
  busyEveryMs: 100,
  idleEveryMs: 5_000,
  hangingMsMax: entryTimeoutMs + 130,
  silentMsMax: 2 * entryTimeoutMs + 1_300,
  spinningMsMax: 10_000,
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { log, observe, idleMs } = options
  const spares = createSpares({ program: options.program, count: options.spares, log, observe })
  const quarantine = createQuarantineKeeper({ onLog: options.onLog, onChanged: options.onQuarantineChanged, observe })
  const dispatchers = new Set<Dispatcher>()
  const leaving = new Set<Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let idleCheckAtMs = 0

  const dispatcherOf = (environment: Environment, lane: Lane = 'dispatcher'): Dispatcher => {
    const known = environment[lane]
    if (known !== undefined) return known
    const ports = { spares, calls, quarantine, fetchSource: options.fetchSource, onLog: options.onLog, log, observe }
    const dispatcher = new Dispatcher(environment, lane === 'quarantineDispatcher', ports)
    environment[lane] = dispatcher
    dispatchers.add(dispatcher)
    return dispatcher
  }
  const dispatch = (environment: Environment, call: Call): void => {
    const isApart = call.entry.isUnsaved === true || environment.quarantine?.holds(call.entry) === true
    const lane: Lane = isApart ? 'quarantineDispatcher' : 'dispatcher'
    // What functions still ask of each other while they finish must not bring back what was sent away.
    if (environment.isGone && environment[lane] === undefined) call.onFailed('SHUTTING_DOWN')
    else dispatcherOf(environment, lane).dispatch(call)
  }
  const calls: CallTaker = { dispatch, count: options.count }
  const retire = (dispatcher: Dispatcher, keep?: (functionName: string) => boolean, drainMs?: number): Promise<void> => {
    for (const lane of lanes) if (dispatcher.environment[lane] === dispatcher) dispatcher.environment[lane] = undefined
    dispatchers.delete(dispatcher)
    const left = dispatcher.retire(keep, drainMs).catch((error: unknown) => log.error({ error }, 'A worker could not be retired.'))
    leaving.add(left)
    return left.finally(() => leaving.delete(left))
  }
  /** Nobody needs it now; what only it has stays in memory. */
  const retireIdle = (dispatcher: Dispatcher): void => {
    const { environment } = dispatcher
    const isShared = dispatcher.isForQuarantine && environment.dispatcher?.worker !== undefined
    void retire(dispatcher, (name) => isShared || options.isIrreplaceable(environment, name))
  }
  const tick = (): void => {
    const nowMs = performance.now()
    for (const dispatcher of dispatchers) {
      dispatcher.endLateCalls(nowMs)
      dispatcher.beat(nowMs, heartbeat)
    }
    if (nowMs < idleCheckAtMs) return
    idleCheckAtMs = nowMs + Math.min(1_000, idleMs / 4)
    for (const dispatcher of dispatchers) if (dispatcher.isQuiet && nowMs - dispatcher.usedAtMs > idleMs) retireIdle(dispatcher)
    for (const dispatcher of pickForRoom(dispatchers, options.memoryMb)) retireIdle(dispatcher)
  }

  return {
    start() {
      spares.start()
      timer = setInterval(tick, tickMs)
    },
    dispatch,
    count: options.count,
    load: (environment, entry, source) => dispatcherOf(environment, entry.isUnsaved === true ? 'quarantineDispatcher' : 'dispatcher').load(entry, source),
    unload(environment, functionIndex) {
      for (const lane of lanes) environment[lane]?.unload(functionIndex)
    },
    configure(environment) {
      const configured = [...dispatchers].flatMap((dispatcher) => (dispatcher.environment === environment ? (dispatcher.configure() ?? []) : []))
      return configured.length === 0 ? undefined : Promise.all(configured).then(() => {})
    },
    async release(environment, drainMs) {
      await Promise.all(lanes.map((lane) => environment[lane] && retire(environment[lane], undefined, drainMs)))
    },
    async stop() {
      await Promise.all([...dispatchers].map((dispatcher) => retire(dispatcher)))
      clearInterval(timer)
      await spares.stop()
      await Promise.all(leaving)
    },
  }
}
