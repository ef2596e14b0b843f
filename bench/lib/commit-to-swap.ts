import { type EnvironmentName, gatewayCollections, type LiveRuntime } from '@imprun/contracts'
import type { Database } from '../../backend/src/database/database.ts'
import { withNextRevision } from '../../backend/src/database/gateway-revision.ts'
import { createPublisher } from '../../backend/src/publishing/publisher.ts'
import { createReleaseStore } from '../../backend/src/releases/release-store.ts'

interface Target {
  gatewayId: string
  environment: EnvironmentName
  name: string
  count: number
}

/**
 * Publishes an existing release again and again, with the very writes of a publish, and compares two clocks of this machine: when the commit was
 * acknowledged here, and when the front says that the new version was swapped in. A swap that came before the acknowledgement counts as 0 ms.
 */
export const measureCommitToSwap = (database: Database, target: Target): Promise<number[]> =>
  measureSwaps(database, target, ({ committedAtMs, swappedAtMs }) => Math.max(0, swappedAtMs - committedAtMs))

/** The same from the beginning of the write, so with what the database itself takes. */
export const measureWriteToSwap = (database: Database, target: Target): Promise<number[]> =>
  measureSwaps(database, target, ({ begunAtMs, swappedAtMs }) => swappedAtMs - begunAtMs)

/** The same writes alone, where nobody is to hear of them: what the database takes by itself. */
export async function measureWrites(database: Database, target: Target): Promise<number[]> {
  const publishOnce = await preparePublishing(database, target)
  const writesMs: number[] = []
  for (let index = 0; index < target.count; index++) {
    const { begunAtMs, committedAtMs } = await publishOnce(index)
    writesMs.push(committedAtMs - begunAtMs)
  }
  return writesMs
}

async function measureSwaps(
  database: Database,
  target: Target,
  toMs: (times: { begunAtMs: number; committedAtMs: number; swappedAtMs: number }) => number,
): Promise<number[]> {
  const { gatewayId, environment, count } = target
  const publishOnce = await preparePublishing(database, target)
  const runtimes = database.gateway(gatewayId).collection<LiveRuntime>(gatewayCollections.runtimes)
  const swapsMs: number[] = []
  for (let index = 0; index < count; index++) {
    const { revision, ...written } = await publishOnce(index)
    swapsMs.push(toMs({ ...written, swappedAtMs: await eventuallySwapped(runtimes, environment, revision) }))
  }
  return swapsMs
}

interface Written {
  revision: number
  begunAtMs: number
  committedAtMs: number
}
async function preparePublishing(database: Database, { count: _, ...target }: Target): Promise<(index: number) => Promise<Written>> {
  const { gatewayId, name } = target
  const publisher = createPublisher(database)
  const releases = createReleaseStore(database)
  const latest = await releases.findLatest(await functionIdOf(database, gatewayId, name))
  const release = latest && (await releases.find(latest._id))
  if (!release) throw new Error(`Function ${name} has no release.`)
  return async (index) => {
    const begunAtMs = Date.now()
    const { revision } = await withNextRevision(database, gatewayId, (session, next) => publisher.publish(target, release, `bench-${index}`, next, session))
    return { revision, begunAtMs, committedAtMs: Date.now() }
  }
}

async function functionIdOf(database: Database, gatewayId: string, name: string): Promise<string> {
  const found = await database.sys.collection<{ _id: string; gatewayId: string; name: string }>('functions').findOne({ gatewayId, name })
  if (!found) throw new Error(`There is no function ${name}.`)
  return found._id
}

const swapDeadlineMs = 10_000
const lookEveryMs = 20

async function eventuallySwapped(
  runtimes: { findOne(filter: object): Promise<{ appliedAt?: Date | undefined } | null> },
  environment: EnvironmentName,
  revision: number,
): Promise<number> {
  const deadlineMs = performance.now() + swapDeadlineMs
  for (;;) {
    const runtime = await runtimes.findOne({ environment, revision: { $gte: revision } })
    if (runtime?.appliedAt) return runtime.appliedAt.getTime()
    if (performance.now() > deadlineMs) throw new Error(`Revision ${revision} was not swapped in within ${swapDeadlineMs} ms.`)
    // The front wrote down when it was, so looking seldom costs no accuracy, and looking all the time would cost the database.
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}
