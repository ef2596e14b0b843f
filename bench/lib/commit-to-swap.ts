import { type EnvironmentName, gatewayCollections, type LiveRuntime } from '@imprun/contracts'
import type { Database } from '../../backend/src/database/database.ts'
import { withNextRevision } from '../../backend/src/database/gateway-revision.ts'
import { createPublisher } from '../../backend/src/publishing/publisher.ts'
import { createReleaseStore } from '../../backend/src/releases/release-store.ts'

/**
 * Publishes an existing release again and again, with the very writes of a publish, and compares two clocks of this machine: when the commit was
 * acknowledged here, and when the front says that the new version was swapped in. A swap that came before the acknowledgement counts as 0 ms.
 */
export async function measureCommitToSwap(
  database: Database,
  { gatewayId, environment, name, count }: { gatewayId: string; environment: EnvironmentName; name: string; count: number },
): Promise<number[]> {
  const publisher = createPublisher(database)
  const releases = createReleaseStore(database)
  const latest = await releases.findLatest(await functionIdOf(database, gatewayId, name))
  const release = latest && (await releases.find(latest._id))
  if (!release) throw new Error(`Function ${name} has no release.`)
  const runtimes = database.gateway(gatewayId).collection<LiveRuntime>(gatewayCollections.runtimes)
  const swapsMs: number[] = []
  for (let index = 0; index < count; index++) {
    const target = { gatewayId, environment, name }
    const { revision } = await withNextRevision(database, gatewayId, (session, next) => publisher.publish(target, release, `bench-${index}`, next, session))
    const committedAtMs = Date.now()
    const swapped = await eventuallySwapped(runtimes, environment, revision)
    swapsMs.push(Math.max(0, swapped - committedAtMs))
  }
  return swapsMs
}

async function functionIdOf(database: Database, gatewayId: string, name: string): Promise<string> {
  const found = await database.sys.collection<{ _id: string; gatewayId: string; name: string }>('functions').findOne({ gatewayId, name })
  if (!found) throw new Error(`There is no function ${name}.`)
  return found._id
}

const swapDeadlineMs = 10_000

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
  }
}
