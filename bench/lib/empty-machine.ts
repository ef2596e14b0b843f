import type { Phase } from '@imprun/contracts'
import { connectDatabase } from '../../backend/src/database/database.ts'
import { createWatcher } from '../../backend/src/database/watcher.ts'
import { advanceTo, rest, type Step } from '../../backend/src/phases/decisions.ts'
import { createPhaseEngine, type EngineEvent } from '../../backend/src/phases/engine.ts'
import type { Machine } from '../../backend/src/phases/machine.ts'
import { newPhaseDocument, type PhaseDocument } from '../../backend/src/phases/phase-document.ts'
import { systemClock } from '../../backend/src/platform/clock.ts'
import { silentLog } from '../../backend/src/platform/log.ts'
import type { GivenMongo } from '../../backend/test/support/given-mongo.ts'

/** What the engine moves here. `gatewayId`: unique, for the sake of an index of the collection. */
export interface BenchDocument extends PhaseDocument {
  gatewayId: string
  fails?: boolean
}

/** The change stream tells of this collection; nothing else is in it here. */
const collection = 'environments'
export const benchDocuments = ({ database }: GivenMongo) => database.sys.collection<BenchDocument>(collection)
export const newBenchDocument = (_id: string, fails = false): BenchDocument => ({
  _id,
  gatewayId: _id,
  ...newPhaseDocument(new Date()),
  ...(fails ? { fails } : {}),
})

/** Three steps that do nothing, up to Started; or fail, in a document that is to. @param ran hears of each step */
export function emptyMachine(ran: (id: string, to: Phase) => void = () => {}): Machine<BenchDocument> {
  const allTo = (phase: Phase) => {
    const step: Step<BenchDocument> = ({ _id, fails }) => {
      if (fails) throw new Error('It always fails.')
      ran(_id, phase)
      return advanceTo(phase)
    }
    return { active: step, inactive: step, deleted: step }
  }
  const atRest = { active: rest, inactive: rest, deleted: rest } as const
  return {
    ...{ Creating: allTo('Created'), Created: allTo('Starting'), Starting: allTo('Started'), Started: atRest },
    ...{ Stopping: atRest, Stopped: atRest, Deleting: atRest, Deleted: atRest },
  }
}

/** An engine with a connection and a change stream of its own, as in another backend; not started. */
export async function givenEngine(
  mongo: GivenMongo,
  { holder, machine, observe }: { holder: string; machine: Machine<BenchDocument>; observe: (event: EngineEvent) => void },
) {
  await using undo = new AsyncDisposableStack()
  const database = await connectDatabase(mongo.uri)
  undo.defer(() => database.close())
  const watcher = createWatcher({ database, clock: systemClock, log: silentLog })
  await watcher.start()
  undo.defer(() => watcher.stop())
  const engine = createPhaseEngine({ database, watcher, clock: systemClock, log: silentLog, machine, collection, holder, observe })
  undo.defer(() => engine.stop())
  const ends = undo.move()
  return { start: () => engine.start(), [Symbol.asyncDispose]: () => ends.disposeAsync() }
}

/** Whether the event says that a document has got to the end of its machine. */
export const isStarted = (event: EngineEvent): boolean => event.type === 'written' && event.decision.kind === 'advance' && event.decision.phase === 'Started'
