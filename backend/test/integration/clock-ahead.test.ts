import { strict as assert } from 'node:assert'
import { lockTtlMs } from '../../src/phases/claims.ts'
import { eventually } from '../support/eventually.ts'
import { givenEngineHost } from '../support/given-engine-host.ts'
import { givenPhases } from '../support/given-phases.ts'

const aheadMs = 2 * lockTtlMs
const documents = 16
/** Neither can hold all of them. */
const limits = { concurrencyMax: documents - 4, tickMs: 20 }
const claimsAsked = 60
const within = 30_000

describe('two replicas of which one has its clock ahead by two locks', function () {
  this.timeout(90_000)

  it('leave each document with its holder for as long as the lock is kept', async () => {
    await using given = await givenPhases()
    const { uri } = given.mongo
    await using right = await givenEngineHost({ uri, name: 'right', limits })
    await using ahead = await givenEngineHost({ uri, name: 'ahead', limits, aheadMs })
    const [time] = ahead.of('time')
    assert.ok(time && time.nowMs - Date.now() > lockTtlMs, 'its clock is ahead')

    const ids = await Promise.all(Array.from({ length: documents }, () => given.insert({ note: 'any' })))
    const entered = () => [...right.of('entered'), ...ahead.of('entered')]
    await eventually(() => assert.equal(new Set(entered().map(({ id }) => id)).size, documents), within)
    const held = await Promise.all(ids.map((id) => given.get(id)))
    assert.deepEqual([...new Set(held.map(({ lockedBy }) => lockedBy))].sort(), ['ahead', 'right'])

    const asked = await countClaims(given)
    await eventually(async () => assert.ok((await countClaims(given)) > asked + claimsAsked), within)
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
