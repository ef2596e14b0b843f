import { type ApplyFailure, type EnvironmentName, gatewayCollections, ImprunError, type LiveRuntime, liveRuntimeSchema } from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import type { Change, Watcher } from '../database/watcher.ts'
import { listBeating } from '../instances/heartbeats.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'

export type Acknowledgement =
  | { outcome: 'applied' }
  /** At least one live runtime could not load it; it goes on with what it had. */
  | { outcome: 'refused'; failures: ApplyFailure[] }
  /** Live runtimes that had not answered at the deadline. */
  | { outcome: 'late'; runtimeIds: string[] }
  /** No runtime of the environment is alive, so nobody serves anything older either. */
  | { outcome: 'no-runtime' }

export interface WaitOptions {
  deadlineMs: number
  signal?: AbortSignal
  /** When no runtime is alive: wait for one until the deadline, or answer at once. */
  whenNone?: 'wait' | 'answer'
}

/**
 * "Acknowledged means enforced": publish, grant, revoke and every other change that runtimes apply ends with this wait.
 * One dispatcher serves all waiters. Who is alive is read when somebody begins to wait; from then on the change stream brings what each has reached, so
 * an acknowledgement costs no read, however many wait.
 */
export interface Acknowledgements {
  start(): void
  /** Waiters end with SHUTTING_DOWN: what they wait for is neither confirmed nor refused. */
  stop(): void
  /** @throws the signal's reason when it fires first, or SHUTTING_DOWN. */
  waitForRuntimes(gatewayId: string, environment: EnvironmentName, revision: number, options: WaitOptions): Promise<Acknowledgement>
}

/** The change stream is the clock; this is what notices a runtime that dies without a word, or a stream that broke. */
const fallbackEveryMs = 500

interface Waiter {
  revision: number
  whenNone: 'wait' | 'answer'
  settle(result: Acknowledgement): void
  fail(reason: unknown): void
  /** What the last look saw; answered at the deadline. */
  lastSeen: Acknowledgement
}
interface Place {
  gatewayId: string
  environment: EnvironmentName
  waiters: Set<Waiter>
  /** Who was alive at the last look, with what each has said since; absent before the first. */
  known?: Map<string, LiveRuntime>
  /** A look is under way; `isDue` asks for another one after it. */
  isLooking: boolean
  isDue: boolean
}

export function createAcknowledgements(deps: { database: Database; watcher: Watcher; clock: Clock; log: Log }): Acknowledgements {
  const { database, watcher, log } = deps
  const places = new Map<string, Place>()
  const stops: (() => void)[] = []
  let fallback: NodeJS.Timeout | undefined

  const look = async (place: Place) => {
    place.isDue = true
    if (place.isLooking) return
    place.isLooking = true
    try {
      while (place.isDue && place.waiters.size > 0) {
        place.isDue = false
        const runtimes = await readLiveRuntimes(database, place.gatewayId, place.environment)
        place.known = new Map(runtimes.map((runtime) => [runtime._id, newerOf(runtime, place.known?.get(runtime._id))]))
        considerAll(place)
      }
    } catch (error) {
      log.warn({ error, gatewayId: place.gatewayId }, 'Acknowledgements could not be read; they are read again')
    } finally {
      place.isLooking = false
    }
  }

  const lookEverywhere = () => {
    for (const place of places.values()) void look(place)
  }

  const keyOf = (gatewayId: string, environment: string) => `${gatewayId}/${environment}`
  const onChange = ({ gatewayId, id, document }: Change) => {
    // The id of a document of `__runtimes` is `<runtimeId>/<environment>`.
    const place = places.get(keyOf(gatewayId ?? '', id.slice(id.lastIndexOf('/') + 1)))
    if (!place) return
    const said = liveRuntimeSchema.safeParse(document)
    const known = place.known?.get(id)
    // One that was not there before, or has gone: who is alive has to be read.
    if (!said.success || !known) return void look(place)
    place.known?.set(id, newerOf(said.data, known))
    considerAll(place)
  }

  const enter = (gatewayId: string, environment: EnvironmentName, waiter: Waiter): Place => {
    const key = keyOf(gatewayId, environment)
    const place = places.get(key) ?? { gatewayId, environment, waiters: new Set<Waiter>(), isLooking: false, isDue: false }
    places.set(key, place)
    place.waiters.add(waiter)
    fallback ??= setInterval(lookEverywhere, fallbackEveryMs)
    return place
  }
  const leave = (place: Place, waiter: Waiter) => {
    place.waiters.delete(waiter)
    if (place.waiters.size === 0) places.delete(keyOf(place.gatewayId, place.environment))
    if (places.size > 0) return
    clearInterval(fallback)
    fallback = undefined
  }

  return {
    start() {
      stops.push(watcher.on({ scope: 'gateway', collection: gatewayCollections.runtimes }, onChange))
      stops.push(watcher.onGap(lookEverywhere))
    },
    stop() {
      for (const stop of stops.splice(0)) stop()
      for (const place of [...places.values()]) for (const waiter of [...place.waiters]) waiter.fail(shuttingDown())
    },
    async waitForRuntimes(gatewayId, environment, revision, { deadlineMs, signal, whenNone = 'wait' }) {
      signal?.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<Acknowledgement>()
      const waiter: Waiter = { revision, whenNone, settle: resolve, fail: reject, lastSeen: { outcome: 'no-runtime' } }
      const place = enter(gatewayId, environment, waiter)
      const deadline = setTimeout(() => waiter.settle(waiter.lastSeen), deadlineMs)
      const onAbort = () => waiter.fail(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      void look(place)
      try {
        return await promise
      } finally {
        clearTimeout(deadline)
        signal?.removeEventListener('abort', onAbort)
        leave(place, waiter)
      }
    },
  }
}

const shuttingDown = () => new ImprunError('SHUTTING_DOWN', 'The backend is stopping; what was begun is finished after the next start.', { retryAfterS: 2 })

const newerOf = (one: LiveRuntime, other: LiveRuntime | undefined): LiveRuntime => (other && other.revision > one.revision ? other : one)

function considerAll({ waiters, known }: Place): void {
  const runtimes = [...(known?.values() ?? [])]
  for (const waiter of [...waiters]) consider(waiter, runtimes)
}

/** Settles the waiter when what the live runtimes say decides it. */
function consider(waiter: Waiter, runtimes: readonly LiveRuntime[]): void {
  const verdict = judge(runtimes, waiter.revision)
  waiter.lastSeen = verdict
  if (verdict.outcome === 'late') return
  if (verdict.outcome === 'no-runtime' && waiter.whenNone === 'wait') return
  waiter.settle(verdict)
}

export function judge(runtimes: readonly LiveRuntime[], revision: number): Acknowledgement {
  if (runtimes.length === 0) return { outcome: 'no-runtime' }
  const failures = runtimes.flatMap((runtime) => runtime.failures.filter((failure) => failure.revision === revision))
  if (failures.length > 0) return { outcome: 'refused', failures }
  const behind = runtimes.filter((runtime) => runtime.revision < revision)
  return behind.length > 0 ? { outcome: 'late', runtimeIds: behind.map(({ runtimeId }) => runtimeId) } : { outcome: 'applied' }
}

async function readLiveRuntimes(database: Database, gatewayId: string, environment: EnvironmentName): Promise<LiveRuntime[]> {
  const said = await database.gateway(gatewayId).collection<LiveRuntime>(gatewayCollections.runtimes).find({ environment }).toArray()
  if (said.length === 0) return []
  const beating = await listBeating(
    database,
    said.map(({ runtimeId }) => runtimeId),
  )
  return said.filter(({ runtimeId }) => beating.has(runtimeId))
}
