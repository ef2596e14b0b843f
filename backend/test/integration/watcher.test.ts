import { strict as assert } from 'node:assert'
import { firstRevision, withNextRevision } from '../../src/database/gateway-revision.ts'
import { ensureGatewayIndexes } from '../../src/database/indexes.ts'
import { type Change, createWatcher } from '../../src/database/watcher.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { eventually } from '../support/eventually.ts'
import { givenMongo } from '../support/given-mongo.ts'

describe('watcher', () => {
  async function givenWatcher() {
    const mongo = await givenMongo()
    const watcher = createWatcher({ database: mongo.database, clock: systemClock, log: silentLog })
    await watcher.start()
    const seen: Change[] = []
    return {
      ...mongo,
      watcher,
      seen,
      async [Symbol.asyncDispose]() {
        await watcher.stop()
        await mongo[Symbol.asyncDispose]()
      },
    }
  }

  it('tells of a change in sys_db with the document as it is now', async () => {
    await using given = await givenWatcher()
    given.watcher.on({ scope: 'sys', collection: 'functions' }, (change) => given.seen.push(change))
    await given.database.sys.collection<{ _id: string; gatewayId: string; name: string }>('functions').insertOne({ _id: 'f1', gatewayId: 'g', name: 'calc' })
    await eventually(() => assert.equal(given.seen.length, 1))
    const [{ place, ...change } = assert.fail('Nothing was told.')] = given.seen
    assert.ok(place <= (given.watcher.place() ?? ''), 'the place of a change is one up to which all has been told')
    assert.deepEqual(change, {
      scope: 'sys',
      collection: 'functions',
      operation: 'insert',
      id: 'f1',
      document: { _id: 'f1', gatewayId: 'g', name: 'calc' },
    })
  })

  it('tells of an acknowledged revision, and neither of what says no revision nor of user data', async () => {
    await using given = await givenWatcher()
    await ensureGatewayIndexes(given.database, 'hometax')
    given.watcher.on({ scope: 'gateway', collection: '__runtimes' }, (change) => given.seen.push(change))
    const runtimes = given.database.gateway('hometax').collection<{ _id: string }>('__runtimes')
    await runtimes.insertOne({ _id: 'r1/dev' })
    await runtimes.updateOne({ _id: 'r1/dev' }, { $currentDate: { appliedAt: true } })
    await given.database.named('gatewayid_hometax_dev').collection<{ _id: string }>('__runtimes').insertOne({ _id: 'mine' })
    await runtimes.updateOne({ _id: 'r1/dev' }, { $set: { revision: 4 } })
    await eventually(() => assert.ok(given.seen.some(({ operation }) => operation === 'update')))
    assert.deepEqual(
      given.seen.map(({ gatewayId, operation, id }) => ({ gatewayId, operation, id })),
      [
        { gatewayId: 'hometax', operation: 'insert', id: 'r1/dev' },
        { gatewayId: 'hometax', operation: 'update', id: 'r1/dev' },
      ],
    )
  })

  it('goes on where it was after the server has killed its cursor, and a listener that throws stops nobody', async () => {
    await using given = await givenWatcher()
    given.watcher.on({ scope: 'sys', collection: 'functions' }, () => {
      throw new Error('on purpose')
    })
    given.watcher.on({ scope: 'sys', collection: 'functions' }, (change) => given.seen.push(change))
    const admin = given.database.client.db('admin')
    await admin.command({
      configureFailPoint: 'failCommand',
      mode: { times: 2 },
      data: { failCommands: ['getMore'], errorCode: 43, appName: 'imprun-backend' },
    })
    const functions = given.database.sys.collection<{ _id: string; gatewayId: string; name: string }>('functions')
    for (let i = 0; i < 5; i++) await functions.insertOne({ _id: `f${i}`, gatewayId: 'g', name: `calc${i}` })
    await eventually(() =>
      assert.deepEqual(
        given.seen.map(({ id }) => id),
        ['f0', 'f1', 'f2', 'f3', 'f4'],
      ),
    )
    await eventually(() => assert.equal(given.watcher.isLive(), true))
  })

  it('says that changes may have been missed when the place to go on from is lost', async () => {
    await using given = await givenWatcher()
    let gapsCount = 0
    given.watcher.onGap(() => gapsCount++)
    const admin = given.database.client.db('admin')
    await admin.command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['getMore'], errorCode: 286, appName: 'imprun-backend' },
    })
    await eventually(() => assert.equal(gapsCount, 1))
    given.watcher.on({ scope: 'sys', collection: 'functions' }, (change) => given.seen.push(change))
    await given.database.sys.collection<{ _id: string; gatewayId: string; name: string }>('functions').insertOne({ _id: 'f1', gatewayId: 'g', name: 'calc' })
    await eventually(() => assert.equal(given.seen.length, 1))
  })
})

describe('gateway revision', () => {
  it('numbers the writes of one gateway without gap or repetition, however many come at once', async () => {
    await using mongo = await givenMongo()
    await ensureGatewayIndexes(mongo.database, 'hometax')
    const written = await Promise.all(Array.from({ length: 20 }, () => withNextRevision(mongo.database, 'hometax', async (_session, revision) => revision)))
    assert.deepEqual(
      written.map(({ revision, result }) => [revision, result]).toSorted(([a = 0], [b = 0]) => a - b),
      Array.from({ length: 20 }, (_, i) => [firstRevision + 1 + i, firstRevision + 1 + i]),
    )
  })

  it('keeps neither number nor write when the write fails', async () => {
    await using mongo = await givenMongo()
    await ensureGatewayIndexes(mongo.database, 'hometax')
    await assert.rejects(
      withNextRevision(mongo.database, 'hometax', async () => {
        throw new Error('on purpose')
      }),
      /on purpose/,
    )
    const { revision } = await withNextRevision(mongo.database, 'hometax', async () => undefined)
    assert.equal(revision, firstRevision + 1)
  })
})
