import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { fencedEffects } from '../support/fenced-effects.ts'
import { type EngineHost, givenEngineHost } from '../support/given-engine-host.ts'
import { givenPhases } from '../support/given-phases.ts'

const limits = { lockTtlMs: 200, renewEveryMs: 60, tickMs: 50, concurrencyMax: 25 }
const [batches, batchSize] = [40, 25]
const within = 60_000

describe('a holder that was stopped for longer than its lock lasts', function () {
  this.timeout(10 * 60_000)

  it(`changes nothing when it goes on, in ${batches * batchSize} rounds`, async () => {
    await using given = await givenPhases()
    await using one = await givenEngineHost({ uri: given.mongo.uri, name: 'one', limits })
    await using other = await givenEngineHost({ uri: given.mongo.uri, name: 'other', limits })
    let stale = 0
    for (let batch = 0; batch < batches; batch++) stale += await freezeOnce(given, batch % 2 === 0 ? [one, other] : [other, one])
    assert.ok(stale >= batches * batchSize)
    console.log(`      ${stale} effects of stopped holders were refused`)
  })
})

/** @returns how many effects of the stopped holder came too late. */
async function freezeOnce(given: Awaited<ReturnType<typeof givenPhases>>, [slow, fast]: [slow: EngineHost, fast: EngineHost]): Promise<number> {
  slow.heard.length = 0
  fast.freeze()
  const ids = await Promise.all(Array.from({ length: batchSize }, () => given.insert({ note: slow.name })))
  await eventually(() => assert.equal(new Set(slow.of('entered').map(({ id }) => id)).size, batchSize), within)
  slow.freeze()
  fast.thaw()
  const taken = await Promise.all(ids.map((id) => given.reaches(id, 'Created', within)))
  for (const { id, fence } of slow.of('entered')) {
    const holder = taken.find(({ _id }) => _id === id)
    assert.ok(holder && holder.fence > fence && holder.lockedBy === fast.name, 'the stop outlived the lock, and the other one took over')
  }
  slow.thaw()
  slow.go()
  await eventually(() => {
    assert.equal(slow.of('effect').length, slow.of('entered').length)
    assert.ok(slow.of('lost').length >= batchSize)
  }, within)
  assert.deepEqual(await Promise.all(ids.map((id) => given.get(id))), taken, 'nothing was written by the one that was stopped')
  assert.deepEqual(
    slow.of('effect').filter(({ isApplied }) => isApplied),
    [],
  )
  const effects = await fencedEffects(given.mongo.database)
    .find({ _id: { $in: ids } })
    .toArray()
  for (const { _id, fence } of effects) assert.equal(fence, taken.find((thing) => thing._id === _id)?.fence, 'the effect is that of the holder who wrote')
  assert.equal(effects.length, batchSize)
  return slow.of('effect').length
}
