import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { servedForSuite } from '../support/for-suite.ts'

/** Answers at once and goes on for so long; then it leaves a document. */
const working = (ms: number, mark = ''): string => `
const later = async (mark) => {
  await new Promise((resolve) => setTimeout(resolve, ${ms}))
  await imp.db().collection('marks').insertOne({ mark })
}
export default (req, res) => {
  imp.waitUntil(later(req.query.mark ?? '${mark}'))
  return res.json({ id: req.id })
}`

describe('imp.waitUntil', () => {
  const given = servedForSuite()
  const marks = () => given().database.client.db(given().assignment.dataDatabase).collection('marks')
  const isMarked = (mark: string) => eventually(async () => assert.ok(await marks().findOne({ mark })))
  const logged = (message: RegExp, more: Record<string, unknown> = {}) =>
    eventually(async () =>
      assert.ok(
        await given()
          .database.collection('__logs')
          .findOne({ message, ...more }),
        String(message),
      ),
    )

  it('keeps a version that was replaced until the work is done', async () => {
    await given().publishAndWait('works', working(300))
    assert.equal((await given().fetch('/works?mark=kept')).status, 200)
    await given().publishAndWait('works', 'export default () => "new"')
    assert.equal(await (await given().fetch('/works')).text(), 'new')
    await isMarked('kept')
  })

  it('keeps the worker from being drained before the work is done', async () => {
    await given().publishAndWait('works', working(300))
    assert.equal((await given().fetch('/works?mark=drained')).status, 200)
    // Another address of its data: the worker that holds the old one finishes and leaves.
    await given().runtime.control.ask({
      type: 'assign',
      assignment: { ...given().assignment, fence: 2, dataUri: `${given().assignment.dataUri}&appName=other` },
    })
    await given().runtime.event('worker-retired')
    assert.ok(await marks().findOne({ mark: 'drained' }))
  })

  it('logs what fails in it under the id of its request', async () => {
    await given().publishAndWait(
      'breaks',
      'export default (req, res) => { imp.waitUntil(Promise.reject(new Error("after fault"))); return res.json({ id: req.id }) }',
    )
    const { id } = (await (await given().fetch('/breaks')).json()) as { id: string }
    await logged(/Failed in imp\.waitUntil: Error: after fault/, { requestId: id })
  })

  it('gives it the time limit of the function, from the answer on', async () => {
    await given().publishAndWait('forever', 'export default (req, res) => { imp.waitUntil(new Promise(() => {})); return res.json({ id: req.id }) }', {
      limits: { timeoutMs: 200 },
    })
    const { id } = (await (await given().fetch('/forever')).json()) as { id: string }
    await logged(/longer than 200 ms/, { requestId: id })
  })

  it('takes no more than a hundred promises at a time', async () => {
    await given().publishAndWait(
      'greedy',
      `export default (req, res) => {
        let count = 0
        try { for (;;) { imp.waitUntil(new Promise(() => {})); count++ } } catch (error) { return res.json({ count, message: error.message }) }
      }`,
      { limits: { timeoutMs: 100 } },
    )
    const { count, message } = (await (await given().fetch('/greedy')).json()) as { count: number; message: string }
    assert.equal(count, 100)
    assert.match(message, /At most 100/)
  })

  it('lets the work call other functions, under an id that continues that of its request', async () => {
    await given().publishAndWait('told', 'export default (req, res) => { console.log("told", req.body.by); return res.json({}) }')
    await given().publishAndWait(
      'tells',
      `export default (req, res) => {
        imp.waitUntil((async () => { await new Promise((resolve) => setTimeout(resolve, 30)); await imp.invoke('told', { by: req.id }) })())
        return res.json({ id: req.id })
      }`,
    )
    const { id } = (await (await given().fetch('/tells')).json()) as { id: string }
    await logged(new RegExp(`told ${id}`), { requestId: new RegExp(`^${id}\\.`) })
  })
})

describe('a version that was replaced', () => {
  const given = servedForSuite()
  const count = (message: string) => given().database.collection('__logs').countDocuments({ message })

  it('ran its top level once, and its timers end with it, also when no call is open', async () => {
    await given().publishAndWait('ticks', 'console.log("top level")\nsetInterval(() => console.log("tick of one"), 20)\nexport default () => "one"')
    for (let call = 0; call < 3; call++) await given().fetch('/ticks')
    await eventually(async () => assert.ok((await count('tick of one')) > 2))
    assert.equal(await count('top level'), 1)
    await given().publishAndWait('ticks', 'setInterval(() => console.log("tick of two"), 20)\nexport default () => "two"')
    // Both are heard through the same pipe: what the old one still wrote has come before the new one has ticked for a while.
    await eventually(async () => assert.ok((await count('tick of two')) > 10))
    const before = await count('tick of one')
    const ticks = await count('tick of two')
    await eventually(async () => assert.ok((await count('tick of two')) > ticks + 5))
    assert.equal(await count('tick of one'), before)
  })

  it('is not held by a call that awaits for ever', async () => {
    await given().publishAndWait('hangs', 'setInterval(() => console.log("still here"), 20)\nexport default () => new Promise(() => {})', {
      limits: { timeoutMs: 300 },
    })
    assert.equal((await given().fetch('/hangs')).status, 504)
    await given().publishAndWait('hangs', 'setInterval(() => console.log("here now"), 20)\nexport default () => "new"', { limits: { timeoutMs: 300 } })
    // Its call is over, its handler never: the version goes when its time limit has passed once more.
    await eventually(async () => assert.ok((await count('here now')) > 40))
    const before = await count('still here')
    const ticks = await count('here now')
    await eventually(async () => assert.ok((await count('here now')) > ticks + 5))
    assert.equal(await count('still here'), before)
  })
})
