import { strict as assert } from 'node:assert'
import { ObjectId } from 'mongodb'
import { eventually } from '../support/eventually.ts'
import { forSuite } from '../support/for-suite.ts'
import { givenDataWorker } from '../support/given-data-worker.ts'
import { givenOwnMongo } from '../support/given-mongo.ts'
import { givenWorker } from '../support/given-worker.ts'

describe("imp.db(), the driver's collection", () => {
  const data = forSuite(givenDataWorker)
  const run = async (body: string, name?: string) => (await data().run(body, name)).value

  it('writes in bulk, in order or not, and tells what failed', async () => {
    const value = await run(`
      const members: any[] = [
        { insertOne: { document: { _id: 1, n: 1 } } }, { insertOne: { document: { n: 2 } } }, { updateOne: { filter: { _id: 1 }, update: { $inc: { n: 10 } } } },
        { updateMany: { filter: {}, update: [{ $set: { seen: true } }] } }, { updateOne: { filter: { _id: 7 }, update: { $set: { n: 7 } }, upsert: true } },
        { replaceOne: { filter: { _id: 7 }, replacement: { n: 70 } } }, { deleteOne: { filter: { n: 2 } } }, { deleteMany: { filter: { none: 1 } } }]
      const { insertedIds, ...done } = await items.bulkWrite(members)
      const again = [{ insertOne: { document: { _id: 1 } } }, { insertOne: { document: { _id: 2 } } }]
      const ordered = await thrown(() => items.bulkWrite(again))
      const unordered = await thrown(() => items.bulkWrite(again, { ordered: false }))
      const unknown = await thrown(() => items.bulkWrite([{ runCommand: { drop: 'x' } }]))
      return { done, own: insertedIds[1].equals(members[1].insertOne.document._id), count: await items.countDocuments(),
        ordered: [ordered.name, ordered.code, ordered.insertedCount, ordered.writeErrors.map((e: any) => [e.index, e.code])],
        unordered: [unordered.insertedCount, unordered instanceof imp.MongoBulkWriteError, unordered instanceof imp.MongoServerError], unknown: unknown.code }`)
    assert.deepEqual(value, {
      done: { acknowledged: true, insertedCount: 2, matchedCount: 4, modifiedCount: 4, deletedCount: 1, upsertedCount: 1, upsertedIds: { 4: 7 }, ok: 1 },
      own: true,
      count: 3,
      ordered: ['MongoBulkWriteError', 11000, 0, [[0, 11000]]],
      unordered: [1, true, true],
      unknown: 'DATA_ACCESS_REFUSED',
    })
  })

  it('makes, lists and drops indexes, which then hold', async () => {
    const value = await run(`
      const one = await items.createIndex({ email: 1 }, { unique: true, partialFilterExpression: { email: { $exists: true } } })
      const more = await items.createIndexes([{ key: { a: 1, b: -1 }, name: 'pair' }, { key: { text: 'text' } }])
      await items.insertOne({ email: 'a' })
      const twice = await thrown(() => items.insertOne({ email: 'a' }))
      const listed = (await items.listIndexes().toArray()).map(({ name }) => name).sort()
      const exists = [await items.indexExists('pair'), await items.indexExists(['pair', 'none'])]
      await items.dropIndex('pair')
      return { one, more, listed, exists, left: (await items.indexes()).length, info: Object.keys(await items.indexInformation()).length,
        twice: [twice.code, twice.codeName ?? null, twice.keyPattern, twice.keyValue, twice instanceof imp.MongoServerError, twice instanceof Error] }`)
    assert.deepEqual(value, {
      one: 'email_1',
      more: ['pair', 'text_text'],
      listed: ['_id_', 'email_1', 'pair', 'text_text'],
      exists: [true, false],
      left: 3,
      info: 3,
      twice: [11000, null, { email: 1 }, { email: 'a' }, true, true],
    })
  })

  it('takes the options of the driver', async () => {
    const value = await run(`
      await items.insertMany([{ _id: 1, name: 'é', tags: [{ k: 1 }, { k: 2 }] }, { _id: 2, name: 'E', n: 5 }, { _id: 3, name: 'f', n: 6 }])
      const filtered = await items.updateOne({ _id: 1 }, { $set: { 'tags.$[t].hit': true } }, { arrayFilters: [{ 't.k': 2 }] })
      return { filtered: filtered.modifiedCount, tags: (await items.findOne({ _id: 1 })).tags,
        collated: await items.find({ name: 'e' }, { collation: { locale: 'en', strength: 1 } }).project({ _id: 1 }).sort([['_id', -1]]).toArray(),
        variables: await items.find({ $expr: { $eq: ['$n', '$$wanted'] } }, { let: { wanted: 5 }, projection: { _id: 1 } }).toArray(),
        result: await items.findOneAndUpdate({ _id: 9 }, { $set: { n: 9 } }, { upsert: true, returnDocument: 'after', includeResultMetadata: true }),
        none: await items.findOneAndReplace({ _id: 77 }, { n: 1 }), skipped: await items.insertOne({ _id: 4, gone: undefined }, { ignoreUndefined: true }).then(() => items.findOne({ _id: 4 })),
        chained: await items.aggregate([{ $match: { n: { $gte: 5 } } }]).sort({ n: -1 }).limit(1).project({ n: 1 }).toArray(), hinted: (await items.find().hint('_id_').toArray()).length,
        guarded: [(await thrown(() => items.updateOne(undefined as any, { $set: { a: 1 } }))).name, (await thrown(() => items.updateOne({}, { a: 1 }))).name] }`)
    assert.deepEqual(value, {
      filtered: 1,
      tags: [{ k: 1 }, { k: 2, hit: true }],
      collated: [{ _id: 2 }, { _id: 1 }],
      variables: [{ _id: 2 }],
      result: { lastErrorObject: { n: 1, updatedExisting: false, upserted: 9 }, value: { _id: 9, n: 9 }, ok: 1 },
      none: null,
      skipped: { _id: 4 },
      chained: [{ _id: 9, n: 9 }],
      hinted: 5,
      guarded: ['MongoInvalidArgumentError', 'MongoInvalidArgumentError'],
    })
  })

  it('shows the collections of the environment, and none of imprun', async () => {
    await data().database.collection('__credentials').insertOne({ hash: 'secret' })
    const value = await run(`
      await db.createCollection('fixed', { capped: true, size: 4096 })
      await items.insertOne({ _id: 1 })
      const renamed = await items.rename('renamed_items')
      const names = (await db.collections()).map(({ collectionName }) => collectionName)
      return { capped: await db.collection('fixed').isCapped(), found: await renamed.findOne(), names: names.filter((name) => ['fixed', 'renamed_items', '__credentials'].includes(name)).sort(),
        asked: await db.listCollections({ name: '__credentials' }).toArray(), dropped: await db.dropCollection('fixed'), taken: (await thrown(() => renamed.rename('__credentials'))).code,
        viewed: (await thrown(() => db.createCollection('view', { viewOn: '__credentials', pipeline: [] }))).code,
        joined: (await thrown(() => db.createCollection('view', { viewOn: 'items', pipeline: [{ $lookup: { from: '__credentials', as: 'x', pipeline: [] } }] }))).code }`)
    assert.deepEqual(value, {
      capped: true,
      found: { _id: 1 },
      names: ['fixed', 'renamed_items'],
      asked: [],
      dropped: true,
      taken: 'DATA_ACCESS_REFUSED',
      viewed: 'DATA_ACCESS_REFUSED',
      joined: 'DATA_ACCESS_REFUSED',
    })
  })

  describe('a transaction', () => {
    it('is committed whole, or undone by what its work throws', async () => {
      const value = await run(`
        await db.createCollection(items.collectionName)
        const sum = await db.withTransaction(async (session) => {
          await items.insertOne({ _id: 1, n: 1 }, { session })
          const outside = await items.countDocuments()
          return [outside, await items.countDocuments({}, { session }), session.inTransaction(), (await items.find({}, { session }).toArray()).length]
        })
        const failed = await thrown(() => db.withTransaction(async (session) => { await items.insertOne({ _id: 2 }, { session }); throw new Error('no') }))
        return { sum, failed: failed.message, left: await items.countDocuments() }`)
      assert.deepEqual(value, { sum: [0, 1, true, 1], failed: 'no', left: 1 })
    })

    it('is run again when it collides with another one', async () => {
      const value = await run(`
        await items.insertOne({ _id: 1, n: 0 })
        let attempts = 0
        const add = () => db.withTransaction(async (session) => {
          attempts++
          const { n } = await items.findOne({ _id: 1 }, { session })
          await items.updateOne({ _id: 1 }, { $set: { n: n + 1 } }, { session })
        })
        await Promise.all(Array.from({ length: 5 }, add))
        return { n: (await items.findOne()).n, isRetried: attempts > 5 }`)
      assert.deepEqual(value, { n: 5, isRetried: true })
    })

    it('is led by hand, and undone when its function ends without a word', async () => {
      const name = 'forgotten'
      await data().database.createCollection(name)
      const value = await run(
        `const session = db.startSession(); session.startTransaction(); await items.insertOne({ _id: 1 }, { session }); await session.commitTransaction()
        session.startTransaction(); await items.insertOne({ _id: 2 }, { session }); await session.abortTransaction(); await session.endSession()
        const ended = await thrown(() => items.findOne({}, { session })); const wrong = await thrown(() => items.findOne({}, { session: {} }))
        const left = db.startSession(); left.startTransaction(); await items.insertOne({ _id: 3 }, { session: left })
        return { count: await items.countDocuments(), ended: ended.message, wrong: wrong.name, again: (await thrown(() => left.startTransaction())).message }`,
        name,
      )
      assert.deepEqual(value, { count: 1, ended: 'The session has ended.', wrong: 'TypeError', again: 'Transaction already in progress' })
      // An open transaction would let this wait, and then fail.
      await eventually(
        () =>
          data()
            .database.collection(name)
            .insertOne({ _id: 3 as never }, { maxTimeMS: 200 })
            .then(() => undefined),
        20_000,
      )
    })

    it('cannot be held open without end', async () => {
      const name = 'held'
      await data().database.createCollection(name)
      const value = await run(
        `
        const error = await thrown(async () => { for (let n = 0; n < 30; n++) { const session = db.startSession(); session.startTransaction(); await items.findOne({}, { session }) } })
        return { message: error.message }`,
        name,
      )
      assert.match(value.message, /At most 20 sessions/)
      // Those that were left are let go, and nothing holds the collection any more.
      await eventually(
        () =>
          data()
            .database.collection(name)
            .drop({ maxTimeMS: 200 })
            .then(() => undefined),
        20_000,
      )
    })
  })

  it('frees the cursors that a function leaves open', async () => {
    await data()
      .database.collection('many')
      .insertMany(Array.from({ length: 500 }, (_, n) => ({ n })))
    const open = async (): Promise<number> => (await data().database.admin().command({ serverStatus: 1 })).metrics.cursor.open.total
    const before = await open()
    await run('for (let n = 0; n < 10; n++) await items.find().batchSize(5).next(); return {}', 'many')
    assert.ok((await open()) > before)
    await eventually(async () => assert.ok((await open()) <= before))
  })

  it('bounds the documents that come at once', async () => {
    const { message } = await run(
      `const error = await thrown(() => items.aggregate([{ $match: { _id: 1 } }, { $project: { n: { $range: [0, 150000] } } }, { $unwind: '$n' }]).toArray())
      return { message: error?.message ?? 'none' }`,
      await givenOne(),
    )
    assert.match(message, /larger than 100000 documents/)
  })
  const givenOne = async (): Promise<string> => {
    await data()
      .database.collection('single')
      .insertOne({ _id: 1 as never, id: new ObjectId() })
    return 'single'
  }

  it("tells that MongoDB has gone within the call's time, and works again when it is back", async () => {
    await using own = await givenOwnMongo()
    await using alone = await givenWorker({ dataUri: own.uri, dataDatabase: 'gatewayid_away_dev' })
    const call = await alone.given(
      `export default async () => { try { await imp.db().collection('a').insertOne({}); return { code: 'none' } } catch (error: any) { return { code: error.code, name: error.name, message: error.message } } }`,
      { timeoutMs: 1500 },
    )
    assert.equal(JSON.parse((await call()).text).code, 'none')
    await own.kill()
    const { text } = await call()
    assert.equal(JSON.parse(text).code, 'DATABASE_UNAVAILABLE')
    assert.doesNotMatch(text, new RegExp(new URL(own.uri).host))
    await own.restart()
    await eventually(async () => assert.equal(JSON.parse((await call()).text).code, 'none'), 30_000)
  }).timeout(60_000)
})
