import { strict as assert } from 'node:assert'
import { forSuite } from '../support/for-suite.ts'
import { givenDataWorker } from '../support/given-data-worker.ts'

describe('reading with imp.db()', () => {
  const data = forSuite(givenDataWorker)
  const run = (body: string, name?: string) => data().run(body, name)
  const name = 'many'
  before(() =>
    data()
      .database.collection(name)
      .insertMany(Array.from({ length: 2500 }, (_, n) => ({ n, kind: n % 3, text: 'x'.repeat(50) }))),
  )

  it('sorts, skips, limits and projects, by chain and by options', async () => {
    const { value } = await run(
      `return {
      chain: await items.find({ n: { $lt: 100 } }).sort({ n: -1 }).skip(1).limit(2).project({ n: 1, _id: 0 }).toArray(),
      options: await items.find({ n: { $lt: 100 } }, { sort: { n: -1 }, skip: 1, limit: 2, projection: { n: 1, _id: 0 } }).toArray(),
      named: await items.find().sort('n', -1).limit(1).map((d) => d.n).toArray(), one: await items.findOne({ n: 7 }, { projection: { n: 1, _id: 0 } }), none: await items.findOne({ n: -1 }) }`,
      name,
    )
    assert.deepEqual(value, { chain: [{ n: 98 }, { n: 97 }], options: [{ n: 98 }, { n: 97 }], named: [2499], one: { n: 7 }, none: null })
  })

  it('reads through many batches', async () => {
    const { value } = await run(
      `const all = await items.find().toArray(); let sum = 0; let count = 0; for await (const d of items.find()) { sum += d.n; count++ }
      const cursor = items.find({ n: { $lt: 3 } }).sort({ n: 1 }); const nexts = []; while (await cursor.hasNext()) nexts.push((await cursor.next()).n)
      return { all: all.length, sum, count, nexts, end: await cursor.next() }`,
      name,
    )
    assert.deepEqual(value, { all: 2500, sum: 3_123_750, count: 2500, nexts: [0, 1, 2], end: null })
  })

  it('closes a cursor that is left early', async () => {
    const open = async (): Promise<number> => (await data().database.admin().command({ serverStatus: 1 })).metrics.cursor.open.total
    const before = await open()
    await run('for (let i = 0; i < 20; i++) for await (const d of items.find()) { if (d.n > 3) break } return {}', name)
    assert.ok((await open()) <= before)
  })

  it('aggregates, counts and tells distinct values', async () => {
    const { value } = await run(
      `return { groups: await items.aggregate([{ $group: { _id: '$kind', n: { $sum: 1 } } }, { $sort: { _id: 1 } }]).toArray(),
      count: await items.countDocuments({ kind: 1 }), estimate: await items.estimatedDocumentCount(), kinds: (await items.distinct('kind')).sort() }`,
      name,
    )
    assert.deepEqual(value, {
      groups: [
        { _id: 0, n: 834 },
        { _id: 1, n: 833 },
        { _id: 2, n: 833 },
      ],
      count: 833,
      estimate: 2500,
      kinds: [0, 1, 2],
    })
  })

  it("stops the server's work at the function's time limit", async () => {
    const call = await data().worker.given(
      'export default async () => { try { await imp.db().collection("many").aggregate([{ $match: { $expr: { $gt: [{ $size: { $range: [0, { $add: [500000, "$n"] }] } }, 0] } } }]).toArray() } catch (e) { return { code: e.code, name: e.name } } }',
      { timeoutMs: 200 },
    )
    assert.deepEqual(JSON.parse((await call()).text), { code: 50, name: 'MongoServerError' })
  })

  it('works with many requests at once, each with its own result', async () => {
    const call = await data().worker.given(
      `export default async (req) => { const n = Number(req.query.n); const d = await imp.db().collection('${name}').findOne({ n }); return { asked: n, got: d.n } }`,
    )
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => call({ url: `/?n=${n}` })))
    assert.deepEqual(
      answers.map((answer) => JSON.parse(answer.text)),
      Array.from({ length: 100 }, (_, n) => ({ asked: n, got: n })),
    )
  })
})
