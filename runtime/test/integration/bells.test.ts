import { strict as assert } from 'node:assert'
import { MongoClient } from 'mongodb'
import { BellExhaustedError } from '../../src/front/functions/bell.ts'
import { createMongoStreamBell, streamsMax } from '../../src/front/functions/mongo-stream-bell.ts'
import { silentLog } from '../../src/platform/log.ts'
import { testBell } from '../support/bell-contract.ts'
import { type GivenOwnMongo, givenOwnMongo } from '../support/given-mongo.ts'
import { createMemoryBell } from '../support/memory-bell.ts'

testBell('in memory', async () => {
  const bell = createMemoryBell()
  return {
    bell,
    change: async (gatewayId) => bell.ring(gatewayId),
    cutOff: async () => bell.setState('deaf'),
    rejoin: async () => bell.setState('live'),
    async [Symbol.asyncDispose]() {},
  }
})

describe('change streams', () => {
  let mongo: GivenOwnMongo
  before(async () => {
    mongo = await givenOwnMongo()
  })
  after(() => mongo[Symbol.asyncDispose]())
  const givenClient = async () => {
    const client = new MongoClient(mongo.uri, { serverSelectionTimeoutMS: 2_000, maxPoolSize: 300 })
    return { client, [Symbol.asyncDispose]: () => client.close() }
  }

  testBell('mongo-stream', async () => {
    const { client, ...disposable } = await givenClient()
    return {
      bell: createMongoStreamBell(client, silentLog),
      change: async (gatewayId) => {
        await mongo.client.db(`gatewayid_${gatewayId}`).collection('__credentials').insertOne({ environment: 'dev' })
      },
      cutOff: mongo.kill,
      rejoin: mongo.restart,
      ...disposable,
    }
  })

  it('say where the change was, and nothing for collections that are not belled', async () => {
    await using given = await givenClient()
    const hints: unknown[] = []
    const listening = createMongoStreamBell(given.client, silentLog).listen({ gatewayId: 'c', gatewayDatabase: 'gatewayid_c' }, (hint) => hints.push(hint))
    await new Promise<void>((resolve) => listening.onState(() => resolve()))
    await mongo.client.db('gatewayid_c').collection('__runtimes').insertOne({})
    await mongo.client.db('gatewayid_c').collection('__environments').insertOne({})
    while (hints.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual(hints, [{ collection: '__environments' }])
    await listening.close()
  })

  it('are refused beyond what a server bears, with a warning well before', async () => {
    await using given = await givenClient()
    const warnings: string[] = []
    const bell = createMongoStreamBell(given.client, { ...silentLog, warn: (_, message) => warnings.push(message) })
    const listenings = Array.from({ length: streamsMax }, (_, i) => bell.listen({ gatewayId: `g${i}`, gatewayDatabase: `gatewayid_g${i}` }, () => {}))
    assert.throws(() => bell.listen({ gatewayId: 'one-more', gatewayDatabase: 'gatewayid_one-more' }, () => {}), BellExhaustedError)
    assert.deepEqual(warnings.length, 1)
    await Promise.all(listenings.map((listening) => listening.close()))
    const again = bell.listen({ gatewayId: 'one-more', gatewayDatabase: 'gatewayid_one-more' }, () => {})
    await again.close()
  })
})
