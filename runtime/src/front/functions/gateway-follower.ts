import { belledCollections, type EnvironmentName } from '@imprun/contracts'
import type { Log } from '../../platform/log.ts'
import { createWakeLoop } from '../../platform/wake-loop.ts'
import type { Environment } from '../environment.ts'
import type { Observe } from '../observe.ts'
import type { Acknowledger } from './acknowledger.ts'
import type { Bell, BelledCollection } from './bell.ts'
import type { GatewayDocument, GatewayReader } from './gateway-reader.ts'
import { type FunctionHost, ServedEnvironment } from './served-environment.ts'

/**
 * Follows one gateway's documents for the environments of it that are assigned here: hears the bell, reads what is newer, applies, acknowledges.
 *
 * Revisions become visible in rising order over all collections of a gateway, but each collection is read by itself, and only the rung one is read at once. So
 * what has been seen is not yet what is complete: `#confirm` follows with a read of all of them that begins after the highest revision was seen, and only up to
 * that revision is acknowledged. It runs while the worker loads, so it costs no time.
 */
export interface GatewayFollower {
  /** Settles when the environment's tables are loaded and acknowledged; tried again for as long as MongoDB is away. @throws when removed meanwhile */
  add(environment: Environment): Promise<void>
  remove(environment: Environment): Promise<void>
  hasRefused(environment: EnvironmentName, functionName: string): boolean
  /** What is told of the environment beside its revision has changed. */
  tellAgain(environment: Environment): void
  readonly isEmpty: boolean
  /** Since when changes may have passed unseen (ms of `performance.now()`): the bell is deaf, or the documents cannot be read. Undefined: it is current. */
  staleSinceMs(): number | undefined
  stop(): Promise<void>
}

const tickMs = { live: 15_000, liveSpread: 15_000, deaf: 1_000, deafSpread: 1_000 } as const
const retryDelayMs = (failuresInARow: number): number => Math.min(2_000, 50 * 2 ** failuresInARow) * (0.75 + Math.random() / 2)

interface Joining {
  served: ServedEnvironment
  /** Under way: settles when nothing more is written for it. */
  attempt: Promise<void> | undefined
  resolve: () => void
  reject: (error: Error) => void
}

export function createGatewayFollower(options: {
  gatewayId: string
  gatewayDatabase: string
  reader: GatewayReader
  acknowledger: Acknowledger
  bell: Bell
  host: FunctionHost
  log: Log
  observe: Observe
}): GatewayFollower {
  const { gatewayId, gatewayDatabase, reader, acknowledger, bell, host, log, observe } = options
  const followed = new Map<EnvironmentName, ServedEnvironment>()
  let joining: Joining[] = []
  let dirty = new Set<BelledCollection>()
  /** The highest revision read from each collection; undefined until the first environment has been loaded. */
  let cursors: Record<BelledCollection, number> | undefined
  let confirmedRevision = -1
  /** The gateway's own counter at the last look; what it has counted is known. */
  let countedRevision = -1
  let isLookDue = false
  let isFailing = false
  let freshAtMs = performance.now()

  const seenRevision = (): number => (cursors === undefined ? -1 : Math.max(...Object.values(cursors)))
  const soil = (): void => {
    dirty = new Set(belledCollections)
  }

  const join = async (wish: Joining): Promise<void> => {
    const { served } = wish
    // First the counter, then the documents: all that the counter has counted can be read by then.
    const revision = await reader.readRevision()
    const documents = await reader.readAll(served.environment.name)
    if (cursors === undefined) {
      cursors = Object.fromEntries(belledCollections.map((name) => [name, revision])) as Record<BelledCollection, number>
      // Only for the first: what this revision changed in environments that are followed already may not have been read.
      confirmedRevision = revision
      countedRevision = revision
    }
    for (const document of documents) served.apply(document)
    if (served.environment.settingsRevision < 0) log.warn({ environment: served.environment.key }, 'The environment has no settings yet; nobody is let in.')
    served.confirm(revision)
    await acknowledger.acknowledgeNow(served)
    if (!joining.includes(wish)) {
      await acknowledger.withdraw(served)
      return
    }
    followed.set(served.environment.name, served)
    wish.resolve()
  }

  /** Environments of which something was read that has not been acknowledged. The others' new revision may wait for the heartbeat. */
  const waitingToTell = new Set<ServedEnvironment>()
  const applyAll = (documents: readonly GatewayDocument[]): void => {
    for (const document of documents) {
      const served = followed.get(document.environment)
      if (served === undefined) continue
      served.apply(document)
      waitingToTell.add(served)
    }
  }
  const read = async (collections: readonly BelledCollection[]): Promise<void> => {
    const known = cursors
    if (known === undefined) return
    const before = seenRevision()
    const names = [...followed.keys()]
    const found = await Promise.all(
      collections.map(async (collection) => ({ collection, documents: await reader.readSince(collection, names, known[collection]) })),
    )
    for (const { collection, documents } of found) known[collection] = Math.max(known[collection], documents.at(-1)?.revision ?? -1)
    applyAll(found.flatMap(({ documents }) => documents).sort((a, b) => a.revision - b.revision))
    if (collections.length === belledCollections.length) confirmedRevision = Math.max(confirmedRevision, before)
  }
  /** One small read tells whether the bell kept something back; thousands of gateways look like this all the time. */
  const look = async (): Promise<void> => {
    const revision = await reader.readRevision()
    if (revision > countedRevision) {
      await read(belledCollections)
      countedRevision = revision
      confirmedRevision = Math.max(confirmedRevision, revision)
    }
    await acknowledger.verify()
  }
  const lookNext = (): void => {
    isLookDue = true
  }
  const tell = (): void => {
    for (const served of followed.values()) served.confirm(confirmedRevision)
    for (const served of waitingToTell) acknowledger.acknowledge(served)
    waitingToTell.clear()
  }

  const listening = bell.listen({ gatewayId, gatewayDatabase }, (hint) => {
    if (hint === undefined) soil()
    else dirty.add(hint.collection)
    loop.wake()
  })
  const loop = createWakeLoop({
    async run(signal) {
      while (joining.length > 0 && !signal.aborted) {
        const [wish] = joining
        if (wish === undefined) break
        wish.attempt = join(wish)
        await wish.attempt
        joining = joining.filter((other) => other !== wish)
      }
      while ((dirty.size > 0 || confirmedRevision < seenRevision()) && !signal.aborted) {
        const collections = dirty.size > 0 ? [...dirty] : [...belledCollections]
        dirty = new Set()
        try {
          await read(collections)
        } catch (error) {
          soil()
          throw error
        }
      }
      if (isLookDue && cursors !== undefined) {
        isLookDue = false
        await look().catch((error: unknown) => {
          isLookDue = true
          throw error
        })
      }
      isFailing = false
      freshAtMs = performance.now()
      tell()
    },
    tickMs: () => (listening.state() === 'live' ? tickMs.live + Math.random() * tickMs.liveSpread : tickMs.deaf + Math.random() * tickMs.deafSpread),
    retryDelayMs,
    onTick: lookNext,
    onError(error) {
      isFailing = true
      log.warn({ gatewayId, error }, "The gateway's documents could not be read; what is known goes on serving.")
    },
  })
  listening.onState((state) => {
    observe({ type: 'bell', gatewayId, state })
    if (state === 'deaf') freshAtMs = performance.now()
    // Whatever rang while nobody listened is found by a look; and the new state has another tick.
    lookNext()
    loop.wake()
  })

  return {
    add(environment) {
      const served = new ServedEnvironment(environment, host, observe, () => acknowledger.acknowledge(served))
      return new Promise<void>((resolve, reject) => {
        joining.push({ served, attempt: undefined, resolve, reject })
        loop.wake()
      })
    },
    async remove(environment) {
      const { leaving, staying } = Object.groupBy(joining, ({ served }) => (served.environment === environment ? 'leaving' : 'staying'))
      joining = staying ?? []
      for (const wish of leaving ?? []) {
        wish.reject(new Error(`The environment ${environment.key} was taken away while it was loaded.`))
        await wish.attempt?.catch(() => {})
      }
      const served = followed.get(environment.name)
      if (served?.environment !== environment) return
      followed.delete(environment.name)
      waitingToTell.delete(served)
      await acknowledger.withdraw(served)
    },
    tellAgain({ name }) {
      const served = followed.get(name)
      if (served !== undefined) acknowledger.tellAgain(served)
    },
    hasRefused: (environment, functionName) => followed.get(environment)?.hasRefused(functionName) ?? false,
    get isEmpty() {
      return followed.size + joining.length === 0
    },
    staleSinceMs: () => (isFailing || (listening.state() === 'deaf' && cursors !== undefined) ? freshAtMs : undefined),
    async stop() {
      await listening.close()
      for (const wish of joining.splice(0)) wish.reject(new Error('The runtime stops.'))
      await loop.stop()
      await acknowledger.stop()
    },
  }
}
