import type { EngineEvent } from '../../backend/src/phases/engine.ts'
import { newId } from '../../backend/src/platform/ids.ts'
import type { GivenMongo } from '../../backend/test/support/given-mongo.ts'
import { benchDocuments, emptyMachine, givenEngine, isStarted, newBenchDocument } from './empty-machine.ts'
import { createTally } from './tally.ts'

/** Two replicas with connections of their own move documents whose steps do nothing, and then wait for single ones. */
export async function measureTransitions(mongo: GivenMongo, options: { documents: number; singles: number }) {
  await using undo = new AsyncDisposableStack()
  const ranOf = new Map<string, number>()
  const claimedAtMs = new Map<string, number>()
  const [claimed, started] = [createTally(), createTally()]
  const observe = (event: EngineEvent) => {
    if (isStarted(event)) started.tell(event.id)
    if (event.type !== 'claimed') return
    claimedAtMs.set(event.id, performance.now())
    claimed.tell(event.id)
  }
  const machine = emptyMachine((id, to) => ranOf.set(`${id}/${to}`, (ranOf.get(`${id}/${to}`) ?? 0) + 1))
  const documents = benchDocuments(mongo)
  const ids = Array.from({ length: options.documents }, () => newId())
  await documents.insertMany(ids.map((id) => newBenchDocument(id)))

  const engines = await Promise.all(['first', 'second'].map((holder) => givenEngine(mongo, { holder, machine, observe })))
  for (const engine of engines) undo.use(engine)
  const startedAtMs = performance.now()
  for (const engine of engines) await engine.start()
  await started.all(ids)
  const tookS = (performance.now() - startedAtMs) / 1000
  const duplicates = [...ranOf.values()].filter((times) => times > 1).length
  const perSecond = ranOf.size / tookS

  const claimsMs: number[] = []
  for (let index = 0; index < options.singles; index++) {
    const id = newId()
    await documents.insertOne(newBenchDocument(id))
    const committedAtMs = performance.now()
    await claimed.all([id])
    claimsMs.push(Math.max(0, (claimedAtMs.get(id) as number) - committedAtMs))
    await started.all([id])
  }
  await undo.disposeAsync()
  await documents.deleteMany({})
  return { perSecond, duplicates, claimsMs }
}
