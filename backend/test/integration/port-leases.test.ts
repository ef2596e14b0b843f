import { strict as assert } from 'node:assert'
import { createPortLeases, portLeaseTtlMs } from '../../src/runtime-driver/process/port-leases.ts'
import { givenMongo } from '../support/given-mongo.ts'

async function givenLeases() {
  const mongo = await givenMongo()
  const stored = mongo.database.sys.collection<{ _id: string; port: number }>('portLeases')
  return {
    leases: createPortLeases(mongo.database),
    ports: async () => (await stored.find().toArray()).map(({ port }) => port).sort(),
    /** As if its holder had been silent for so long. */
    async age(port: number, ms: number) {
      await stored.updateOne({ port }, [{ $set: { renewedAt: { $subtract: ['$renewedAt', ms] } } }])
    },
    [Symbol.asyncDispose]: () => mongo[Symbol.asyncDispose](),
  }
}

describe('port leases', () => {
  it('are for one holder each, however many ask', async () => {
    await using given = await givenLeases()
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => given.leases.take(7421, `runtime-${index}`)))
    assert.equal(answers.filter(Boolean).length, 1)
    assert.deepEqual(await given.ports(), [7421])
  })

  it('are renewed by asking again, with the same fence', async () => {
    await using given = await givenLeases()
    const first = await given.leases.take(7421, 'runtime-1')
    await given.age(7421, portLeaseTtlMs - 1_000)
    assert.equal((await given.leases.take(7421, 'runtime-1'))?.fence, first?.fence)
    await given.age(7421, 2_000)
    assert.equal(await given.leases.take(7421, 'runtime-2'), undefined)
  })

  it('go to another holder once they are stale, and the one before can not give them back', async () => {
    await using given = await givenLeases()
    const stale = await given.leases.take(7421, 'runtime-1')
    await given.age(7421, portLeaseTtlMs + 1)
    const taken = await given.leases.take(7421, 'runtime-2')
    assert.equal(taken?.fence, (stale?.fence ?? 0) + 1)
    await given.leases.release(stale as NonNullable<typeof stale>)
    assert.deepEqual(await given.ports(), [7421])
    await given.leases.release(taken as NonNullable<typeof taken>)
    assert.deepEqual(await given.ports(), [])
  })

  it('of one holder can be given back together, but for the one in use', async () => {
    await using given = await givenLeases()
    for (const port of [7421, 7422, 7423]) await given.leases.take(port, 'runtime-1')
    await given.leases.take(7424, 'runtime-2')
    await given.leases.releaseOthers('runtime-1', 7422)
    assert.deepEqual(await given.ports(), [7422, 7424])
  })
})
