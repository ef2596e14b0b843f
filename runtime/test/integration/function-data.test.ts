import { strict as assert } from 'node:assert'
import { Binary, Decimal128, Double, Int32, Long, ObjectId, Timestamp, UUID } from 'mongodb'
import { forSuite } from '../support/for-suite.ts'
import { givenDataWorker } from '../support/given-data-worker.ts'
import { givenWorker } from '../support/given-worker.ts'

const exact = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true }

describe('imp.db()', () => {
  const data = forSuite(givenDataWorker)
  const run = (body: string, name?: string) => data().run(body, name)
  const thrownBy = (source: string, name?: string) =>
    run(
      `try { ${source} } catch (error) { return { name: error.name, code: error.code, message: error.message, isError: error instanceof Error } } return { message: 'It did not throw.' }`,
      name,
    )

  it('stores what the function made, with its types', async () => {
    const { name } = await run(`await items.insertOne({
      _id: new ObjectId('0123456789abcdef01234567'), int: 1, double: 1.5, whole: new imp.Double(2), long: imp.Long.fromString('9007199254740993'), big: 5n, text: 'é€😀', yes: true,
      nothing: null, missing: undefined, at: new Date(5), decimal: imp.Decimal128.fromString('1.10'), bytes: new Uint8Array([1, 255]), binary: new imp.Binary(new Uint8Array([9])),
      uuid: new imp.UUID('11111111-1111-4111-8111-111111111111'), list: [1, [2, { a: 3 }]], pattern: /^a/i, stamp: new imp.Timestamp({ t: 1, i: 2 }), max: new imp.MaxKey(), min: new imp.MinKey(),
    }); return {}`)
    const stored = await data().database.collection(name).findOne({}, exact)
    assert.deepEqual(
      Object.fromEntries(
        Object.entries(stored ?? {}).map(([key, value]) => [key, (value as { _bsontype?: string } | null)?._bsontype ?? value?.constructor?.name ?? null]),
      ),
      {
        _id: 'ObjectId',
        int: 'Int32',
        double: 'Double',
        whole: 'Double',
        long: 'Long',
        big: 'Long',
        text: 'String',
        yes: 'Boolean',
        nothing: null,
        missing: null,
        at: 'Date',
        decimal: 'Decimal128',
        bytes: 'Binary',
        binary: 'Binary',
        uuid: 'Binary',
        list: 'Array',
        pattern: 'BSONRegExp',
        stamp: 'Timestamp',
        max: 'MaxKey',
        min: 'MinKey',
      },
    )
    assert.deepEqual([stored?.text, String(stored?.long), String(stored?.decimal), stored?.at.getTime()], ['é€😀', '9007199254740993', '1.10', 5])
  })

  it('gives back what is stored, with its types', async () => {
    const name = 'stored_types'
    await data()
      .database.collection(name)
      .insertOne({
        _id: new ObjectId(),
        int: new Int32(1),
        double: new Double(2),
        long: Long.fromNumber(7),
        huge: Long.fromString('9007199254740993'),
        decimal: Decimal128.fromString('1.10'),
        at: new Date(5),
        binary: new Binary(Buffer.from([1, 255])),
        uuid: new UUID(),
        pattern: /a/i,
        stamp: new Timestamp({ t: 1, i: 2 }),
        nested: { list: [{ id: new ObjectId() }] },
      })
    const { value } = await run(
      `const d = await items.findOne(); const kind = (v) => v?._bsontype ?? v?.constructor?.name; return {
      kinds: Object.fromEntries(Object.entries(d).map(([k, v]) => [k, kind(v)])), inner: kind(d.nested.list[0].id), same: d._id instanceof imp.ObjectId && d.at instanceof Date, bytes: [...d.binary.buffer], at: d.at.getTime(), huge: String(d.huge) }`,
      name,
    )
    assert.deepEqual(value, {
      kinds: {
        _id: 'ObjectId',
        int: 'Number',
        double: 'Number',
        long: 'Number',
        huge: 'Long',
        decimal: 'Decimal128',
        at: 'Date',
        binary: 'Binary',
        uuid: 'Binary',
        pattern: 'RegExp',
        stamp: 'Timestamp',
        nested: 'Object',
      },
      inner: 'ObjectId',
      same: true,
      bytes: [1, 255],
      at: 5,
      huge: '9007199254740993',
    })
  })

  it("keeps a number's exact type when a document is changed by the function", async () => {
    const { name } = await run(
      `await items.insertOne({ _id: 1, n: new imp.Double(1), l: imp.Long.fromNumber(1) }); await items.findOneAndUpdate({ _id: 1 }, { $set: { d: new imp.Double(3) } }); return {}`,
    )
    const stored = await data().database.collection(name).findOne({}, exact)
    assert.deepEqual([stored?.n._bsontype, stored?.l._bsontype, stored?.d._bsontype], ['Double', 'Long', 'Double'])
  })

  it('gives the document its _id, as the driver does', async () => {
    const { value } = await run(
      'const d: any = { a: 1 }; const r = await items.insertOne(d); return { same: r.insertedId.equals(d._id), is: d._id instanceof ObjectId, acknowledged: r.acknowledged }',
    )
    assert.deepEqual(value, { same: true, is: true, acknowledged: true })
  })

  it('inserts, updates, replaces and deletes', async () => {
    const { value, crossed } = await run(`const out: any = {}
      out.many = (await items.insertMany([{ _id: 1, n: 1 }, { _id: 2, n: 2 }, { _id: 3, n: 3 }])).insertedIds
      out.one = await items.updateOne({ _id: 1 }, { $set: { a: 1 } })
      out.all = await items.updateMany({ n: { $gte: 2 } }, [{ $set: { a: { $add: ['$n', 10] } } }])
      out.upsert = await items.updateOne({ _id: 9 }, { $set: { a: 1 } }, { upsert: true })
      out.replaced = await items.replaceOne({ _id: 2 }, { n: 22 })
      out.after = await items.findOneAndUpdate({ _id: 1 }, { $inc: { n: 5 } }, { returnDocument: 'after' })
      out.before = await items.findOneAndReplace({ _id: 1 }, { n: 100 })
      out.gone = await items.findOneAndDelete({ _id: 1 })
      out.none = await items.findOneAndDelete({ _id: 1 })
      out.deleted = await items.deleteOne({ _id: 2 })
      out.rest = await items.deleteMany()
      return out`)
    assert.equal(crossed, true)
    assert.deepEqual(value, {
      many: { 0: 1, 1: 2, 2: 3 },
      one: { acknowledged: true, matchedCount: 1, modifiedCount: 1, upsertedCount: 0, upsertedId: null },
      all: { acknowledged: true, matchedCount: 2, modifiedCount: 2, upsertedCount: 0, upsertedId: null },
      upsert: { acknowledged: true, matchedCount: 0, modifiedCount: 0, upsertedCount: 1, upsertedId: 9 },
      replaced: { acknowledged: true, matchedCount: 1, modifiedCount: 1, upsertedCount: 0, upsertedId: null },
      after: { _id: 1, n: 6, a: 1 },
      before: { _id: 1, n: 6, a: 1 },
      gone: { _id: 1, n: 100 },
      none: null,
      deleted: { acknowledged: true, deletedCount: 1 },
      rest: { acknowledged: true, deletedCount: 2 },
    })
  })

  it('carries documents of several megabytes', async () => {
    const { value } =
      await run(`const d: any = { text: 'é'.repeat(1_000_000), bytes: new Uint8Array(3_000_000).fill(7) }; await items.insertOne(d); const back = await items.findOne()
      return { same: back.text === d.text, length: back.bytes.length(), first: back.bytes.buffer[0] }`)
    assert.deepEqual(value, { same: true, length: 3_000_000, first: 7 })
  })

  it('bounds what comes at once', async () => {
    const name = 'heavy'
    await data()
      .database.collection(name)
      .insertMany(Array.from({ length: 3 }, () => ({ bytes: Buffer.alloc(7_000_000) })))
    const { value } = await thrownBy('await items.find().toArray()', name)
    assert.match(value.message, /larger than 16777216 bytes/)
    assert.deepEqual((await run('let n = 0; for await (const d of items.find().batchSize(1)) n += d.bytes.length(); return { n }', name)).value, {
      n: 21_000_000,
    })
  })

  it("tells the driver's errors by name, code and message", async () => {
    const duplicate = (await thrownBy('await items.insertOne({ _id: 1 }); await items.insertOne({ _id: 1 })')).value
    assert.deepEqual([duplicate.name, duplicate.code, duplicate.isError], ['MongoServerError', 11000, true])
    assert.match(duplicate.message, /duplicate key/)
    assert.equal((await thrownBy('await items.find({ $nonsense: 1 }).toArray()')).value.code, 2)
    assert.match((await thrownBy('await items.insertOne(5)')).value.message, /document is an object/)
  })

  it("has a stack that leads to the author's line", async () => {
    await data()
      .worker.given('export default async () => {\n  await imp.db()\n    .collection("__x").insertOne({})\n}')
      .then((call) => call().catch(() => undefined))
    assert.match((await data().worker.logged((entry) => entry.message.includes('__x'))).message, /fn\d+\.ts:3:24/)
  })

  it("has a stack that leads to the author's await, also after many operations", async () => {
    const source =
      'export default async () => {\n  for (let n = 0; n < 50; n++) await imp.db().collection("many").countDocuments()\n  await imp.db().collection("__y").insertOne({})\n}'
    await data()
      .worker.given(source)
      .then((call) => call().catch(() => undefined))
    assert.match((await data().worker.logged((entry) => entry.message.includes('__y'))).message, /fn\d+\.ts:3:/)
  })

  it('settles results that come together each for its own, and all that the failures among them leave', async () => {
    const call = await data().worker.given(`export default async () => {
      const items = imp.db().collection('together')
      await items.insertMany(Array.from({ length: 40 }, (_, n) => ({ _id: n })))
      const settled = await Promise.allSettled(Array.from({ length: 300 }, (_, n) => n % 7 === 0 ? items.find({ $nonsense: n }).toArray() : items.findOne({ _id: n % 40 })))
      return settled.map(({ value, reason }) => reason?.code ?? value._id)
    }`)
    const expected = Array.from({ length: 300 }, (_, n) => (n % 7 === 0 ? 2 : n % 40))
    assert.deepEqual(JSON.parse((await call()).text), expected)
  })

  it('is made when it is asked for by code that does not seem to use it', async () => {
    const call = await data().worker.given(`export default async () => {
      const found = imp['d' + 'b']().collection('unseen')
      const Id = globalThis['Object' + 'Id']
      await found.insertOne({ _id: new Id('0123456789abcdef01234567'), long: imp.Long.fromNumber(5) })
      const read = await found.findOne({})
      return { isId: read._id instanceof Id && Id === imp['Object' + 'Id'], names: Object.keys(imp).length, long: read.long, isFrozen: Object.isFrozen(imp) }
    }`)
    const { names, ...rest } = JSON.parse((await call()).text)
    assert.deepEqual(rest, { isId: true, long: 5, isFrozen: true })
    assert.ok(names > 20, `imp has only ${names} names.`)
  })
  it('is what it is before the code changes what it is made with', async () => {
    const call = await data().worker.given(`
      Reflect.apply = () => 'changed'; Array.prototype.push = () => 0
      export default async () => {
        const id = new ObjectId('0123456789abcdef01234567')
        await imp.db().collection('firm').insertOne({ _id: id })
        return { text: id.toHexString() }
      }`)
    assert.deepEqual(JSON.parse((await call()).text), { text: '0123456789abcdef01234567' })
    assert.deepEqual(await data().database.collection('firm').countDocuments(), 1)
  })

  it('refuses what a function may not touch, and touches nothing', async () => {
    await data()
      .database.collection('__credentials')
      .insertOne({ _id: 1 as never, hash: 'secret' })
    const sources = [
      'await imp.db().collection("__credentials").find().toArray()',
      'await imp.db().collection("__credentials").insertOne({})',
      'await imp.db().collection("system.views").find().toArray()',
      'await imp.db("admin").collection("x").find().toArray()',
      'await items.aggregate([{ $lookup: { from: "__credentials", as: "x", pipeline: [] } }]).toArray()',
      'await items.aggregate([{ $unionWith: "__credentials" }]).toArray()',
      'await items.aggregate([{ $out: "__credentials" }]).toArray()',
      'await items.aggregate([{ $merge: { into: { db: "admin", coll: "x" } } }]).toArray()',
      'await items.find({ $where: "1" }).toArray()',
      'await items.updateOne({}, [{ $set: { a: { $function: { body: "function () {}", args: [], lang: "js" } } } }])',
      'await items.find({}, { projection: { a: { $function: { body: "function () {}", args: [], lang: "js" } } } }).toArray()',
      'await items.find().sort({ a: 1 }).project({ a: { $accumulator: {} } }).toArray()',
      'await items.countDocuments({ $expr: { $function: { body: "f", args: [], lang: "js" } } })',
      'await items.distinct("a", { $where: "1" })',
      'await items.deleteMany({ $where: "1" })',
    ]
    for (const source of sources) assert.equal((await thrownBy(source)).value.code, 'DATA_ACCESS_REFUSED', source)
    assert.deepEqual(await data().database.collection('__credentials').find().toArray(), [{ _id: 1, hash: 'secret' }])
  })

  it('stores documents whatever their field names are', async () => {
    const { value } = await run(
      'await items.insertOne({ _id: 1, $where: 1, a: { $function: 2, "b.c": 3 }, ["__proto__"]: { x: 1 } }); const d = await items.findOne(); return { own: Object.hasOwn(d, "__proto__"), polluted: ({} as any).x, a: d.a }',
    )
    assert.deepEqual(value, { own: true, a: { $function: 2, 'b.c': 3 } })
  })

  it('says that the database is away, without saying where it should be', async () => {
    await using alone = await givenWorker({ dataUri: 'mongodb://someone:hunter2@127.0.0.1:1/?serverSelectionTimeoutMS=100', dataDatabase: 'x' })
    const call = await alone.given(
      'export default async () => { try { await imp.db().collection("a").findOne() } catch (e) { return { name: e.name, code: e.code, message: e.message, stack: e.stack } } }',
    )
    const { text } = await call()
    assert.equal(JSON.parse(text).code, 'DATABASE_UNAVAILABLE')
    assert.doesNotMatch(text, /hunter2|127\.0\.0\.1|someone/)
  })
})
