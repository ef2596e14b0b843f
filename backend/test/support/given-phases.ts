import type { Phase, State } from '@imprun/contracts'
import { createWatcher, type Watcher } from '../../src/database/watcher.ts'
import { type ClaimStore, createClaimStore } from '../../src/phases/claims.ts'
import { goTo, rest, type Step } from '../../src/phases/decisions.ts'
import { createPhaseEngine, type EngineEvent, type EngineLimits } from '../../src/phases/engine.ts'
import type { Machine } from '../../src/phases/machine.ts'
import { epoch, newPhaseDocument, nudge, type PhaseDocument } from '../../src/phases/phase-document.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { newId } from '../../src/platform/ids.ts'
import { silentLog } from '../../src/platform/log.ts'
import { eventually } from './eventually.ts'
import { givenMongo } from './given-mongo.ts'

export interface Thing extends PhaseDocument {
  note?: string
}

/** A machine whose one step, of Creating, is given; Created is at rest, Deleting removes. */
export const machineOf = (create: Step<Thing>): Machine<Thing> => {
  const atRest = { active: rest, inactive: rest, deleted: rest } as const
  return {
    Creating: { active: create, inactive: create, deleted: goTo('Deleting') },
    Created: { active: rest, inactive: rest, deleted: goTo('Deleting') },
    Starting: atRest,
    Started: atRest,
    Stopping: atRest,
    Stopped: atRest,
    Deleting: { active: rest, inactive: rest, deleted: () => ({ kind: 'remove' }) },
    Deleted: atRest,
  }
}

/** The watcher listens to this collection, so its documents wake engines. */
export const thingsCollection = 'environments'

interface EngineOptions {
  holder?: string
  observe?: (event: EngineEvent) => void | Promise<void>
  limits?: Partial<EngineLimits>
  isDeaf?: boolean
  /** What the engine is given to listen to, made of the watcher that is there. */
  hearing?: (watcher: Watcher) => Watcher
}

/** Phase documents on a real MongoDB, and engines that move them. Time is MongoDB's own: a test makes a lock old by writing it so. */
export async function givenPhases() {
  const mongo = await givenMongo()
  const things = mongo.database.sys.collection<Thing>(thingsCollection)
  const ends: (() => Promise<void>)[] = []

  const claimsOf = (holder: string): ClaimStore<Thing> => createClaimStore<Thing>({ collection: things, holder })

  /** @param work what is done in Creating, or in every phase */
  const startEngine = async (work: Step<Thing> | Machine<Thing>, options: EngineOptions = {}) => {
    const watcher = createWatcher({ database: mongo.database, clock: systemClock, log: silentLog })
    const engine = createPhaseEngine<Thing>({
      database: mongo.database,
      watcher: options.hearing?.(watcher) ?? watcher,
      clock: systemClock,
      log: silentLog,
      machine: typeof work === 'function' ? machineOf(work) : work,
      collection: thingsCollection,
      holder: options.holder ?? newId(),
      observe: options.observe,
      limits: options.limits,
    })
    ends.push(async () => {
      await engine.stop()
      await watcher.stop()
    })
    if (!options.isDeaf) await watcher.start()
    await engine.start()
    return engine
  }

  return {
    mongo,
    things,
    claimsOf,
    startEngine,
    async insert(facts: Partial<Thing> & { state?: State; phase?: Phase } = {}): Promise<string> {
      const _id = newId()
      // Unique in this collection, for the sake of its own index.
      await things.insertOne({ _id, gatewayId: _id, ...newPhaseDocument(new Date()), ...facts } as Thing)
      return _id
    },
    async get(id: string): Promise<Thing> {
      const thing = await things.findOne({ _id: id })
      if (!thing) throw new Error(`Document ${id} is gone.`)
      return thing
    },
    /** As if the holder had been silent for so long. */
    async ageLock(id: string, ms: number) {
      await things.updateOne({ _id: id }, [{ $set: { lockedAt: { $subtract: ['$lockedAt', ms] } } }])
    },
    /** As a noun's store writes what is wished. */
    async want(id: string, state: State) {
      await things.updateOne({ _id: id }, { ...nudge, $set: { ...nudge.$set, state } })
    },
    /** As if its wait were over. */
    async makeDue(id: string) {
      await things.updateOne({ _id: id }, { $set: { nextAttemptAt: epoch } })
    },
    reaches: (id: string, phase: Phase, timeoutMs?: number) =>
      eventually(async () => {
        const thing = await things.findOne({ _id: id })
        if (thing?.phase !== phase) throw new Error(`Document ${id} is ${thing?.phase ?? 'gone'} instead of ${phase}.`)
        return thing
      }, timeoutMs),
    async [Symbol.asyncDispose]() {
      await Promise.all(ends.map((end) => end()))
      await mongo[Symbol.asyncDispose]()
    },
  }
}
