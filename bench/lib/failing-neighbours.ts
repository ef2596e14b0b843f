import type { EngineEvent } from '../../backend/src/phases/engine.ts'
import { newId } from '../../backend/src/platform/ids.ts'
import type { GivenMongo } from '../../backend/test/support/given-mongo.ts'
import { benchDocuments, emptyMachine, givenEngine, isStarted, newBenchDocument } from './empty-machine.ts'
import { median, percentile } from './figures.ts'
import { createTally } from './tally.ts'

const atOnce = 10
/** Those that fail have not begun to in one moment: each is somewhere on the way to the longest wait. */
const attemptsMax = 10

/** @returns the p99 of how long healthy documents take from commit to Started, with others that always fail over without; the median of the rounds' own ratios. */
export async function measureFailingNeighbours(mongo: GivenMongo, options: { failing: number; healthy: number; rounds: number }): Promise<number> {
  const [started, failed] = [createTally(), createTally()]
  const startedAtMs = new Map<string, number>()
  const observe = (event: EngineEvent) => {
    if (event.type === 'failed') failed.tell(event.id)
    if (!isStarted(event)) return
    startedAtMs.set(event.id, performance.now())
    started.tell(event.id)
  }
  await using engine = await givenEngine(mongo, { holder: 'bench', machine: emptyMachine(), observe })
  await engine.start()
  const documents = benchDocuments(mongo)

  const timeHealthy = async (count: number): Promise<number[]> => {
    const tookMs: number[] = []
    for (let done = 0; done < count; done += atOnce) {
      const ids = Array.from({ length: atOnce }, () => newId())
      await documents.insertMany(ids.map((id) => newBenchDocument(id)))
      const committedAtMs = performance.now()
      await started.all(ids)
      tookMs.push(...ids.map((id) => Math.max(0, (startedAtMs.get(id) as number) - committedAtMs)))
    }
    await documents.deleteMany({ fails: { $exists: false } })
    return tookMs
  }
  const timeBeside = async (failing: number): Promise<number[]> => {
    const ids = Array.from({ length: failing }, () => newId())
    if (failing > 0) await documents.insertMany(ids.map((id, index) => ({ ...newBenchDocument(id, true), attempts: index % attemptsMax })))
    await failed.all(ids)
    const tookMs = await timeHealthy(options.healthy)
    await documents.deleteMany({})
    return tookMs
  }

  await timeHealthy(options.healthy / 10)
  const ratios: number[] = []
  for (let round = 0; round < options.rounds; round++) {
    const without = percentile(await timeBeside(0), 0.99)
    ratios.push(percentile(await timeBeside(options.failing), 0.99) / without)
  }
  return median(ratios)
}
