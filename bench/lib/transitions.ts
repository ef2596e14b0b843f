import type { Phase } from '@imprun/contracts'
import { connectDatabase } from '../../backend/src/database/database.ts'
import { createWatcher } from '../../backend/src/database/watcher.ts'
import { advanceTo, rest, type Step } from '../../backend/src/phases/decisions.ts'
import { createPhaseEngine } from '../../backend/src/phases/engine.ts'
import type { Machine } from '../../backend/src/phases/machine.ts'
import { newPhaseDocument, type PhaseDocument } from '../../backend/src/phases/phase-document.ts'
import { systemClock } from '../../backend/src/platform/clock.ts'
import { newId } from '../../backend/src/platform/ids.ts'
import { silentLog } from '../../backend/src/platform/log.ts'
import type { GivenMongo } from '../../backend/test/support/given-mongo.ts'

/** The change stream tells of this collection; nothing else is in it here. */
const collection = 'environments'
const pauseMs = 30
const lookEveryMs = 20

const stepTo =
  (phase: Phase, ran: (id: string) => void): Step<PhaseDocument> =>
  ({ _id }) => {
    ran(_id)
    return advanceTo(phase)
  }

function emptyMachine(ran: (id: string, to: Phase) => void): Machine<PhaseDocument> {
  const allTo = (phase: Phase) => {
    const step = stepTo(phase, (id) => ran(id, phase))
    return { active: step, inactive: step, deleted: step }
  }
  const atRest = { active: rest, inactive: rest, deleted: rest } as const
  return {
    ...{ Creating: allTo('Created'), Created: allTo('Starting'), Starting: allTo('Started'), Started: atRest },
    ...{ Stopping: atRest, Stopped: atRest, Deleting: atRest, Deleted: atRest },
  }
}

/** Two replicas with connections of their own move documents whose steps do nothing, and then wait for single ones. */
export async function measureTransitions(mongo: GivenMongo, options: { documents: number; singles: number }) {
  await using undo = new AsyncDisposableStack()
  const ranOf = new Map<string, number>()
  const claimedAtMs = new Map<string, number>()
  const machine = emptyMachine((id, to) => ranOf.set(`${id}/${to}`, (ranOf.get(`${id}/${to}`) ?? 0) + 1))
  const documents = mongo.database.sys.collection<PhaseDocument & { gatewayId: string }>(collection)
  const insert = (ids: readonly string[]) => documents.insertMany(ids.map((_id) => ({ _id, gatewayId: _id, ...newPhaseDocument(new Date()) })))
  const ids = Array.from({ length: options.documents }, () => newId())
  await insert(ids)

  const engines = await Promise.all(
    ['first', 'second'].map(async (holder) => {
      const database = await connectDatabase(mongo.uri)
      undo.defer(() => database.close())
      const watcher = createWatcher({ database, clock: systemClock, log: silentLog })
      await watcher.start()
      undo.defer(() => watcher.stop())
      const observe = (event: { type: string; id: string }) => void (event.type === 'claimed' && claimedAtMs.set(event.id, performance.now()))
      return createPhaseEngine({ database, watcher, clock: systemClock, log: silentLog, machine, collection, holder, observe })
    }),
  )
  const startedAtMs = performance.now()
  for (const engine of engines) {
    await engine.start()
    undo.defer(() => engine.stop())
  }
  while ((await documents.countDocuments({ phase: 'Started' })) < options.documents) await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  const tookS = (performance.now() - startedAtMs) / 1000
  const duplicates = [...ranOf.values()].filter((times) => times > 1).length
  const perSecond = ranOf.size / tookS

  const claimsMs: number[] = []
  for (let index = 0; index < options.singles; index++) {
    const id = newId()
    await insert([id])
    const committedAtMs = performance.now()
    while (!claimedAtMs.has(id)) await new Promise((resolve) => setTimeout(resolve, 1))
    claimsMs.push(Math.max(0, (claimedAtMs.get(id) as number) - committedAtMs))
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  await undo.disposeAsync()
  await documents.deleteMany({})
  return { perSecond, duplicates, claimsMs }
}
