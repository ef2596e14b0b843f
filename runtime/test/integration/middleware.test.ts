import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { servedForSuite } from '../support/for-suite.ts'

const tell = 'export default (req, res) => res.json({ locals: req.locals, user: req.headers["x-user"] ?? null, set: res.get("x-from") ?? null })'

describe('middleware', () => {
  const given = servedForSuite()
  before(async () => {
    await given().publishAndWait('orders/list', tell)
    await given().publishAndWait('other', tell)
  })
  afterEach(async () => {
    await given().acknowledged(await given().remove('_middleware'))
    await given().acknowledged(await given().remove('orders/_middleware'))
  })
  const logged = (functionName: string, text: RegExp) =>
    eventually(async () => assert.match((await given().database.collection('__logs').findOne({ functionName, message: text }))?.message ?? '', text))

  it('hands on what it changes of the request and sets of the answer, outermost first', async () => {
    await given().publishAndWait(
      '_middleware',
      `export default async (req, res, next) => {
        req.headers['x-user'] = 'ada'
        req.locals.trail = ['root']
        res.set('x-from', 'root').set('x-root', '1')
        await next()
      }`,
    )
    await given().publishAndWait(
      'orders/_middleware',
      'export default (req, res, next) => { req.locals.trail.push("orders " + req.headers["x-user"]); res.set("x-from", "orders"); return next() }',
    )
    const inFolder = await given().fetch('/orders/list')
    assert.deepEqual(await inFolder.json(), { locals: { trail: ['root', 'orders ada'] }, user: 'ada', set: 'orders' })
    assert.deepEqual([inFolder.headers.get('x-from'), inFolder.headers.get('x-root')], ['orders', '1'])
    assert.deepEqual(await (await given().fetch('/other')).json(), { locals: { trail: ['root'] }, user: 'ada', set: 'root' })
  })

  it('answers itself when it likes, and what it guards does not run', async () => {
    await given().publishAndWait('counted', 'let count = 0\nexport default (req, res) => res.json({ count: ++count })')
    await given().publishAndWait(
      '_middleware',
      'export default (req, res, next) => (req.get("x-key") === "right" ? next() : res.status(403).json({ error: "no" }))',
    )
    assert.equal((await given().fetch('/counted')).status, 403)
    const let_ = await given().fetch('/counted', { headers: { 'x-key': 'right' } })
    assert.deepEqual([let_.status, await let_.json()], [200, { count: 1 }])
  })

  it('reads the status of the answer after next(), also of one that failed', async () => {
    await given().publishAndWait('fails', 'export default () => { throw new Error("inner fault") }')
    await given().publishAndWait(
      '_middleware',
      'export default async (req, res, next) => { const { status } = await next(); console.log("passed", req.path, status, res.statusCode) }',
    )
    assert.equal((await given().fetch('/other')).status, 200)
    await logged('_middleware', /passed \/other 200 200/)
    assert.equal((await given().fetch('/fails')).status, 500)
    await logged('_middleware', /passed \/fails 500 500/)
    await logged('fails', /inner fault/)
  })

  it('that throws fails the call and is named in the log', async () => {
    await given().publishAndWait('_middleware', 'export default () => { throw new Error("guard fault") }')
    const response = await given().fetch('/other')
    assert.deepEqual([response.status, ((await response.json()) as { code: string }).code], [500, 'FUNCTION_FAILED'])
    await logged('_middleware', /guard fault/)
    await given().publishAndWait('_middleware', 'export default (req, res, next) => next(new Error("handed on"))')
    assert.equal((await given().fetch('/other')).status, 500)
    await logged('_middleware', /handed on/)
  })

  it('that neither answers nor calls next() is told so', async () => {
    await given().publishAndWait('_middleware', 'export default () => undefined')
    const response = await given().fetch('/other')
    assert.deepEqual([response.status, ((await response.json()) as { code: string }).code], [502, 'FUNCTION_ANSWER_INVALID'])
    await logged('_middleware', /neither answered nor called next\(\)/)
  })

  it('has a time limit of its own until it calls next()', async () => {
    await given().publishAndWait('_middleware', 'export default () => new Promise(() => {})', { limits: { timeoutMs: 100 } })
    assert.equal((await given().fetch('/other')).status, 504)
    await logged('_middleware', /neither answered nor called next\(\) within 100 ms/)
  })

  it('lets a streamed answer pass through as it comes', async () => {
    await given().publishAndWait(
      'streams',
      `export default async (req, res) => {
        for (const piece of ['a', 'b', 'c']) { await res.write(piece); await new Promise((resolve) => setTimeout(resolve, 5)) }
        res.end()
      }`,
    )
    await given().publishAndWait('_middleware', 'export default async (req, res, next) => { res.set("x-from", "root"); await next() }')
    const response = await given().fetch('/streams')
    assert.deepEqual([response.headers.get('x-from'), await response.text()], ['root', 'abc'])
  })

  it('can not spoil an answer that has begun', async () => {
    await given().publishAndWait('_middleware', 'export default async (req, res, next) => { await next(); if (req.path === "/streams") for (;;); }')
    assert.equal(await (await given().fetch('/streams')).text(), 'abc')
    await given().publishAndWait(
      '_middleware',
      'export default async (req, res, next) => { await next(); res.status(500).send("too late"); throw new Error("too late as well") }',
    )
    const response = await given().fetch('/other')
    assert.equal(response.status, 200)
    await logged('_middleware', /after the call of next\(\).*too late as well/)
  })

  it('is in force when it is acknowledged and gone when its removal is, without a failed call', async () => {
    let isOver = false
    const statuses = new Set<number>()
    const caller = (async () => {
      while (!isOver) statuses.add((await given().fetch('/other')).status)
    })()
    for (let round = 1; round <= 5; round++) {
      await given().publishAndWait('_middleware', `export default (req, res, next) => { res.set('x-round', '${round}'); return next() }`)
      assert.equal((await given().fetch('/other')).headers.get('x-round'), String(round))
      await given().acknowledged(await given().remove('_middleware'))
      assert.equal((await given().fetch('/other')).headers.get('x-round'), null)
    }
    isOver = true
    await caller
    assert.deepEqual(statuses, new Set([200]))
  })

  it('stands before its functions also in the worker that follows a lost one', async () => {
    await given().publishAndWait('_middleware', 'export default (req, res) => res.status(403).send("guarded")')
    assert.equal((await given().fetch('/other')).status, 403)
    const bound = given()
      .runtime.events.filter((event) => event.type === 'worker-bound' && event.environment === `${given().gatewayId}/dev`)
      .at(-1)
    assert.ok(bound?.type === 'worker-bound')
    process.kill(bound.pid, 'SIGKILL')
    await given().runtime.event('worker-lost', ({ pid }) => pid === bound.pid)
    for (let call = 0; call < 5; call++) assert.equal((await given().fetch('/other')).status, 403)
  })

  it('that no longer loads in the next worker keeps what it guards from running', async () => {
    await given().publishAndWait('_middleware', 'if (imp.env.BROKEN) throw new Error("no")\nexport default (req, res, next) => next()')
    assert.equal((await given().fetch('/other')).status, 200)
    await given().acknowledged(await given().setVariables({ BROKEN: 'yes' }))
    const bound = given()
      .runtime.events.filter((event) => event.type === 'worker-bound' && event.environment === `${given().gatewayId}/dev`)
      .at(-1)
    assert.ok(bound?.type === 'worker-bound')
    process.kill(bound.pid, 'SIGKILL')
    await given().runtime.event('worker-lost', ({ pid }) => pid === bound.pid)
    assert.equal((await given().fetch('/other')).status, 500)
    await logged('other', /middleware of this function could not be loaded/)
    await given().acknowledged(await given().remove('_middleware'))
    assert.equal((await given().fetch('/other')).status, 200)
    await given().acknowledged(await given().setVariables({}))
  })

  it('that can not be loaded is refused, and what it would guard goes on', async () => {
    const live = await given().publishAndWait('_middleware', 'throw new Error("no")\nexport default () => {}')
    assert.equal(live.failures[0]?.name, '_middleware')
    assert.equal((await given().fetch('/other')).status, 200)
  })

  it('is no address', async () => {
    await given().publishAndWait('_middleware', 'export default (req, res, next) => next()')
    assert.equal((await given().fetch('/_middleware')).status, 404)
  })
})
