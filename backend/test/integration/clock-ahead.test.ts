import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { givenEngineHost } from '../support/given-engine-host.ts'
import { givenPhases } from '../support/given-phases.ts'

const documents = 16
/** Short enough to be watched, and long enough for a process that a busy machine lets wait. */
const lockTtlMs = 3_000
const locksWatched = 3
const limits = { lockTtlMs, renewEveryMs: 200, tickMs: 20 }
const aheadMs = 120_000
const claimsAsked = 60
const within = 60_000

describe('two replicas of which one has its clock ahead by many locks', function () {
  this.timeout(240_000)

  it('leave each document with its holder for as long as the lock is kept', async () => {
    await using given = await givenPhases()
    const { uri } = given.mongo
    // The one cannot hold all of them; the other always has room for more.
    await using right = await givenEngineHost({ uri, name: 'right', limits: { ...limits, concurrencyMax: documents - 4 } })
    await using ahead = await givenEngineHost({ uri, name: 'ahead', limits: { ...limits, concurrencyMax: documents + 1 }, aheadMs })
    const [time] = ahead.of('time')
    assert.ok(time && time.nowMs - Date.now() > locksWatched * lockTtlMs, 'its clock is ahead')

    const insertHalf = () => Promise.all(Array.from({ length: documents / 2 }, () => given.insert({ note: 'any' })))
    const entered = () => [...right.of('entered'), ...ahead.of('entered')]
    const areEntered = (count: number) => eventually(() => assert.equal(new Set(entered().map(({ id }) => id)).size, count), within)
    ahead.freeze()
    const ids = await insertHalf()
    await areEntered(ids.length)
    ahead.thaw()
    ids.push(...(await insertHalf()))
    await areEntered(ids.length)
    const held = await Promise.all(ids.map((id) => given.get(id)))
    assert.deepEqual([...new Set(held.map(({ lockedBy }) => lockedBy))].sort(), ['ahead', 'right'])

    const asked = await countClaims(given)
    await eventually(async () => {
      // By the clock of MongoDB.
      for (const { _id, lockedAt } of held) assert.ok((await given.get(_id)).lockedAt.getTime() - lockedAt.getTime() > locksWatched * lockTtlMs)
      assert.ok((await countClaims(given)) > asked + claimsAsked)
    }, within)
    const fences = new Map(held.map(({ _id, fence }) => [_id, fence]))
    assert.equal(entered().length, documents, 'no step was begun twice')
    for (const id of ids) assert.equal((await given.get(id)).fence, fences.get(id))

    right.go()
    ahead.go()
    for (const id of ids) assert.equal((await given.reaches(id, 'Created', within)).fence, fences.get(id))
    assert.deepEqual([...right.of('lost'), ...ahead.of('lost')], [])
  })
})

/** How often somebody has asked for a document. */
async function countClaims({ mongo }: Awaited<ReturnType<typeof givenPhases>>): Promise<number> {
  const { metrics } = await mongo.database.named('admin').command({ serverStatus: 1 })
  return Number(metrics.commands.findAndModify.total)
}
