import { strict as assert } from 'node:assert'
import { gatewayCollections, type LiveRuntime, runtimeHeartbeats } from '@imprun/contracts'
import fc from 'fast-check'
import { ensureGatewayIndexes } from '../../src/database/indexes.ts'
import { createWatcher } from '../../src/database/watcher.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { createAcknowledgements } from '../../src/publishing/acknowledgements.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { testSeed } from '../support/seed.ts'
import { createUnreliableWatcher, type EventFate, eventFates } from '../support/unreliable-watcher.ts'

const gatewayId = 'hometax'
const runtimeIds = ['r1', 'r2']
/** Heartbeats that do not grow old while a busy machine takes its time. */
const longToCome = new Date('9999-01-01')
type Reached = Record<string, number>

describe('waiting for runtimes while events are dropped, repeated, delayed and told again', function () {
  this.timeout(8 * 60_000)
  let mongo: GivenMongo
  before(async () => {
    mongo = await givenMongo()
    await ensureGatewayIndexes(mongo.database, gatewayId)
  })
  after(() => mongo?.[Symbol.asyncDispose]())

  const runtimes = () => mongo.database.gateway(gatewayId).collection<LiveRuntime>(gatewayCollections.runtimes)
  const readReached = async (): Promise<Reached> =>
    Object.fromEntries((await runtimes().find().toArray()).map(({ runtimeId, revision }) => [runtimeId, revision]))
  const reach = (runtimeId: string, revision: number) =>
    runtimes().updateOne({ _id: `${runtimeId}/dev` }, { $set: { runtimeId, environment: 'dev', revision, failures: [] } }, { upsert: true })

  /** Two runtimes go up to the same last revision, in some order; somebody waits for every revision on the way. */
  const run = async (order: readonly string[], fates: readonly EventFate[], met: Set<string>) => {
    await runtimes().deleteMany({})
    for (const runtimeId of runtimeIds) {
      await mongo.database.sys
        .collection<{ _id: string }>(runtimeHeartbeats)
        .updateOne({ _id: runtimeId }, { $set: { heartbeatAt: longToCome } }, { upsert: true })
      await reach(runtimeId, 0)
    }
    await using stack = new AsyncDisposableStack()
    const real = createWatcher({ database: mongo.database, clock: systemClock, log: silentLog })
    await real.start()
    stack.defer(() => real.stop())
    const watcher = createUnreliableWatcher(real, fates)
    const acknowledgements = createAcknowledgements({ database: mongo.database, watcher, clock: systemClock, log: silentLog })
    acknowledgements.start()
    stack.defer(() => acknowledgements.stop())
    const revisions = Array.from({ length: order.length }, (_, index) => index + 1)
    const early: string[] = []
    const waits = revisions.map(async (revision) => {
      const { outcome } = await acknowledgements.waitForRuntimes(gatewayId, 'dev', revision, { deadlineMs: 10_000 })
      const reached = await readReached()
      if (outcome !== 'applied' || runtimeIds.some((id) => (reached[id] ?? 0) < revision)) early.push(`${outcome} ${revision} at ${JSON.stringify(reached)}`)
    })
    const at: Reached = {}
    for (const runtimeId of order) {
      at[runtimeId] = (at[runtimeId] ?? 0) + 1
      await reach(runtimeId, at[runtimeId])
    }
    for (const runtimeId of runtimeIds) await reach(runtimeId, order.length)
    await Promise.all(waits)
    for (const fate of Object.keys(watcher.met())) met.add(fate)
    assert.deepEqual(early, [])
  }

  it('confirms what every runtime has reached, and nothing before', async () => {
    const met = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...runtimeIds), { minLength: 2, maxLength: 6 }),
        fc.array(fc.constantFrom(...eventFates), { minLength: 4, maxLength: 12 }),
        (order, fates) => run(order, fates, met),
      ),
      { seed: testSeed(), numRuns: 40 },
    )
    assert.deepEqual([...met].sort(), [...eventFates].sort(), 'every fate was met')
  })
})
