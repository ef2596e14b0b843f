import { gatewayCollections, type LiveRuntime } from '@imprun/contracts'
import type { Collection, MongoClient } from 'mongodb'
import type { Log } from '../../platform/log.ts'
import type { Observe } from '../observe.ts'
import type { ServedEnvironment } from './served-environment.ts'

/** Keeps this runtime's documents in the gateways' `__runtimes`: what each environment has reached. */
export interface Acknowledger {
  /** Tells at once how far the environment is, if that is news. Calls that come while a message is on its way lead to one more. */
  acknowledge(served: ServedEnvironment): void
  /** The same although the revision is no news. */
  tellAgain(served: ServedEnvironment): void
  /** As above, settled when the document is written. @throws the driver's error */
  acknowledgeNow(served: ServedEnvironment): Promise<void>
  /** The runtime no longer serves this environment: nobody shall wait for it. */
  withdraw(served: ServedEnvironment): Promise<void>
  /** Writes again what is missing in the database of a gateway. @param environments all that are served of it @throws the driver's error */
  verify(gatewayDatabase: string, environments: readonly ServedEnvironment[]): Promise<void>
  /** Tells nothing more of these environments, and waits for what is on its way. */
  forget(environments: readonly ServedEnvironment[]): Promise<void>
}

const retryMs = 500

interface Told {
  /** What the document says, or is about to say. */
  revision: number
  isWanted: boolean
  /** Settles when nothing is on its way any more. */
  writing: Promise<void> | undefined
}

export function createAcknowledger(options: { client: MongoClient; runtimeId: string; log: Log; observe: Observe }): Acknowledger {
  const { client, runtimeId, log, observe } = options
  const told = new Map<ServedEnvironment, Told>()
  // An acknowledgement that a failover takes back is written again at the next tick, so it need not wait for a majority.
  const runtimesOf = (gatewayDatabase: string): Collection<LiveRuntime> =>
    client.db(gatewayDatabase).collection(gatewayCollections.runtimes, { writeConcern: { w: 1 } })

  const write = async (served: ServedEnvironment): Promise<void> => {
    const { environment, revision, failures, appliedAt, quarantined } = served
    const state = told.get(served)
    if (state !== undefined) state.revision = revision
    await runtimesOf(environment.assignment.gatewayDatabase).updateOne(
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
    state.writing ??= writeUntilTold(served, state).finally(() => {
      state.writing = undefined
    })
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
  const forget = async (environments: readonly ServedEnvironment[]): Promise<void> => {
    const writing = environments.map((served) => told.get(served)?.writing)
    for (const served of environments) told.delete(served)
    await Promise.allSettled(writing)
  }

  return {
    acknowledge,
    tellAgain(served) {
      const state = told.get(served)
      if (state !== undefined) state.revision = -1
      acknowledge(served)
    },
    async acknowledgeNow(served) {
      if (!told.has(served)) told.set(served, { revision: -1, isWanted: false, writing: undefined })
      await write(served)
    },
    async withdraw(served) {
      await forget([served])
      await runtimesOf(served.environment.assignment.gatewayDatabase).deleteOne({ _id: idOf(runtimeId, served) })
    },
    /** What could not be written is written anew, and so is what somebody removed or a failover lost. */
    async verify(gatewayDatabase, environments) {
      const states = environments.flatMap((served) => ({ served, state: told.get(served) }))
      const settled = states.filter(({ served, state }) => state?.writing === undefined && state?.revision === served.revision)
      const ids = settled.map(({ served }) => idOf(runtimeId, served))
      const there = await runtimesOf(gatewayDatabase)
        .find({ _id: { $in: ids } }, { projection: { revision: 1 } })
        .toArray()
      const known = new Map(there.map(({ _id, revision }) => [_id, revision]))
      for (const { served, state } of settled) {
        if (state !== undefined && (known.get(idOf(runtimeId, served)) ?? -1) < state.revision) state.revision = -1
      }
      for (const served of environments) acknowledge(served)
    },
    forget,
  }
}

const idOf = (runtimeId: string, served: ServedEnvironment): string => `${runtimeId}/${served.environment.name}`
