import { gatewayCollections, type LiveRuntime } from '@imprun/contracts'
import type { Collection, Db } from 'mongodb'
import type { Log } from '../../platform/log.ts'
import type { Observe } from '../observe.ts'
import type { ServedEnvironment } from './served-environment.ts'

/** Keeps this runtime's documents in one gateway's `__runtimes`: what each environment has reached. */
export interface Acknowledger {
  /** Tells at once how far the environment is, if that is news. Calls that come while a message is on its way lead to one more. */
  acknowledge(served: ServedEnvironment): void
  /** The same although the revision is no news. */
  tellAgain(served: ServedEnvironment): void
  /** As above, settled when the document is written. @throws the driver's error */
  acknowledgeNow(served: ServedEnvironment): Promise<void>
  /** The runtime no longer serves this environment: nobody shall wait for it. */
  withdraw(served: ServedEnvironment): Promise<void>
  /** Writes again what is missing in the database. @throws the driver's error */
  verify(): Promise<void>
  stop(): Promise<void>
}

const retryMs = 500

interface Told {
  /** What the document says, or is about to say. */
  revision: number
  isWriting: boolean
  isWanted: boolean
}

export function createAcknowledger(options: { database: Db; runtimeId: string; log: Log; observe: Observe }): Acknowledger {
  const { database, runtimeId, log, observe } = options
  // An acknowledgement that a failover takes back is written again at the next tick, so it need not wait for a majority.
  const runtimes: Collection<LiveRuntime> = database.collection(gatewayCollections.runtimes, { writeConcern: { w: 1 } })
  const told = new Map<ServedEnvironment, Told>()
  const writing = new Set<Promise<void>>()

  const write = async (served: ServedEnvironment): Promise<void> => {
    const { environment, revision, failures, appliedAt, quarantined } = served
    const state = told.get(served)
    if (state !== undefined) state.revision = revision
    await runtimes.updateOne(
      { _id: idOf(runtimeId, served) },
      {
        $set: { runtimeId, environment: environment.name, revision, failures, quarantined, ...(appliedAt === undefined ? {} : { appliedAt }) },
      },
      // Change streams show a write once it is durable. Left to itself the journal is written every 100 ms, and somebody waits for this.
      { upsert: true, writeConcern: { w: 1, journal: true } },
    )
    observe({ type: 'acknowledged', environment: environment.key, revision })
  }
  const acknowledge = (served: ServedEnvironment): void => {
    const state = told.get(served)
    if (state === undefined || state.revision === served.revision) return
    state.isWanted = true
    if (state.isWriting) return
    state.isWriting = true
    const written = writeUntilTold(served, state).finally(() => {
      state.isWriting = false
      writing.delete(written)
    })
    writing.add(written)
  }
  const writeUntilTold = async (served: ServedEnvironment, state: Told): Promise<void> => {
    while (state.isWanted && told.has(served)) {
      state.isWanted = false
      try {
        await write(served)
      } catch (error) {
        state.revision = -1
        state.isWanted = true
        log.warn({ environment: served.environment.key, error }, 'An acknowledgement could not be written; it is tried again.')
        await new Promise((resolve) => setTimeout(resolve, retryMs).unref())
      }
    }
  }
  /** What could not be written is written anew, and so is what somebody removed or a failover lost. */
  const verify = async (): Promise<void> => {
    const settled = [...told].filter(([served, { revision, isWriting }]) => !isWriting && revision === served.revision)
    const ids = settled.map(([served]) => idOf(runtimeId, served))
    const there = await runtimes.find({ _id: { $in: ids } }, { projection: { revision: 1 } }).toArray()
    const known = new Map(there.map(({ _id, revision }) => [_id, revision]))
    for (const [served, state] of settled) if ((known.get(idOf(runtimeId, served)) ?? -1) < state.revision) state.revision = -1
    for (const served of told.keys()) acknowledge(served)
  }

  return {
    acknowledge,
    tellAgain(served) {
      const state = told.get(served)
      if (state !== undefined) state.revision = -1
      acknowledge(served)
    },
    async acknowledgeNow(served) {
      if (!told.has(served)) told.set(served, { revision: -1, isWriting: false, isWanted: false })
      await write(served)
    },
    async withdraw(served) {
      told.delete(served)
      await Promise.allSettled(writing)
      await runtimes.deleteOne({ _id: idOf(runtimeId, served) })
    },
    verify,
    async stop() {
      told.clear()
      await Promise.allSettled(writing)
    },
  }
}

const idOf = (runtimeId: string, served: ServedEnvironment): string => `${runtimeId}/${served.environment.name}`
