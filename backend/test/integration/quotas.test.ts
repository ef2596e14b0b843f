import { strict as assert } from 'node:assert'
import type { ClientSession } from 'mongodb'
import { createTurns } from '../../src/database/turns.ts'
import { newId } from '../../src/platform/ids.ts'
import { createQuotas } from '../../src/quotas/quotas.ts'
import { givenMongo } from '../support/given-mongo.ts'

const [ownerId, gatewayId] = ['ada', 'shop']
const max = 3

async function givenQuotas() {
  const mongo = await givenMongo()
  const { database } = mongo
  const functions = database.sys.collection<{ _id: string; gatewayId: string; name: string }>('functions')
  const { makeFunction } = createQuotas({
    database,
    turns: createTurns(database),
    settings: { gatewaysPerUser: max, functionsPerGateway: max, dataMbPerEnvironment: undefined },
  })
  const insert = async (session: ClientSession) => {
    const _id = newId()
    await functions.insertOne({ _id, gatewayId, name: _id }, { session })
  }
  return {
    database,
    insert,
    make: () => makeFunction({ gatewayId, ownerId }, insert),
    count: () => functions.countDocuments({ gatewayId }),
    [Symbol.asyncDispose]: () => mongo[Symbol.asyncDispose](),
  }
}

describe('a quota', function () {
  this.timeout(60_000)

  it('lets pass exactly as many as there is room for, however many are made at once', async () => {
    await using given = await givenQuotas()
    const made = await Promise.allSettled(Array.from({ length: 12 }, () => given.make()))
    const refused = made.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    assert.equal(await given.count(), max)
    assert.deepEqual(
      refused.map(({ reason }) => reason.code),
      Array.from({ length: 12 - max }, () => 'QUOTA_EXCEEDED'),
    )
  })

  it('counts what another backend makes in the same moment', async () => {
    await using given = await givenQuotas()
    for (let made = 1; made < max; made++) await given.make()
    // The other backend has taken its turn and has not committed.
    await given.database.client.withSession(async (session) => {
      session.startTransaction({ readConcern: { level: 'snapshot' } })
      await given.database.sys.collection<{ _id: string }>('turns').updateOne({ _id: ownerId }, { $inc: { taken: 1 } }, { session })
      const mine = given.make()
      mine.catch(() => {})
      await given.insert(session)
      await session.commitTransaction()
      await assert.rejects(mine, { code: 'QUOTA_EXCEEDED' })
    })
    assert.equal(await given.count(), max)
  })
})
