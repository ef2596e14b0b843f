import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { RuntimePool } from '../runtime-driver/runtime-pool.ts'
import type { Moves } from './moves.ts'
import type { RuntimeDirectory } from './runtime-directory.ts'
import type { RuntimeStore } from './runtime-store.ts'

/** Tells all backends of this one's runtimes, keeps the directory, and has what lost runtimes served go elsewhere. */
export interface RuntimeRegistry {
  /** Settles once this backend's runtimes are known to all. @throws the driver's error when MongoDB cannot be reached. */
  start(): Promise<void>
  /** Gives the leases of this backend's runtimes back. */
  stop(): Promise<void>
}

/** How late a lost runtime is noticed, beside its lease. */
const tickMs = 1_000

export function createRuntimeRegistry(deps: {
  pool: Pick<RuntimePool, 'own' | 'onRunning'>
  store: RuntimeStore
  directory: RuntimeDirectory
  moves: Moves
  holder: string
  /** Environments look for another runtime. */
  onMoved(): void
  clock: Clock
  log: Log
}): RuntimeRegistry {
  const { pool, store, directory, moves, holder, onMoved, clock, log } = deps
  const stopping = new AbortController()
  let begun = new Set<string>()
  let isDown = false
  let waking = new AbortController()
  let ticking: Promise<void> | undefined
  let endListening = () => {}

  const renew = async () => {
    const own = pool.own()
    const ownIds = new Set(own.map(({ runtimeId }) => runtimeId))
    // One that has just begun is given the time that one has which is brought back.
    const served = new Set(own.filter(({ state, runtimeId }) => state === 'running' || !begun.has(runtimeId)).map(({ runtimeId }) => runtimeId))
    await store.renew(holder, own, served)
    const gone = [...begun].filter((runtimeId) => !ownIds.has(runtimeId))
    if (gone.length > 0) await store.remove(gone)
    begun = ownIds
    directory.update(await store.list())
  }
  const look = async () => {
    try {
      await renew()
      if ((await moves.moveAway(directory.all())) > 0) onMoved()
      await moves.clearAway(directory.all())
      isDown = false
    } catch (error) {
      if (!isDown) log.warn({ error }, 'The leases of runtimes cannot be kept for now')
      isDown = true
    }
  }
  const tick = async () => {
    while (!stopping.signal.aborted) {
      waking = new AbortController()
      await look()
      await clock.sleepMs(tickMs, AbortSignal.any([stopping.signal, waking.signal])).catch(() => {})
    }
  }
  const wake = () => waking.abort(new Error('Something has changed.'))

  return {
    async start() {
      await renew()
      endListening = pool.onRunning(wake)
      ticking = tick()
    },
    async stop() {
      stopping.abort(new Error('The registry stops.'))
      endListening()
      await ticking
      await store.remove([...begun]).catch((error: unknown) => log.warn({ error }, 'The leases of runtimes end by themselves'))
    },
  }
}
