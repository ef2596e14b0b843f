import { strict as assert } from 'node:assert'
import { toWorker } from '../../src/frames/frames.ts'
import { CallFailed, givenWorker, type WorkerUnderTest } from '../support/given-worker.ts'

describe('a worker loading functions', () => {
  let worker: WorkerUnderTest
  before(async () => {
    worker = await givenWorker()
  })
  after(() => worker[Symbol.asyncDispose]())

  it('serves a function written in TypeScript', async () => {
    const call = await worker.given(
      'type Out = { n: number }\nexport default async function f(req, res): Promise<void> { const out: Out = { n: 1 }; return res.json(out) }',
    )
    const answer = await call()
    assert.deepEqual([answer.status, answer.text, answer.headers['content-type'], answer.crossed], [200, '{"n":1}', 'application/json; charset=utf-8', false])
  })

  it('runs the top level once per version, not once per call', async () => {
    const call = await worker.given('let count = 0\nexport default () => ({ count: ++count })')
    await call()
    await call()
    assert.equal((await call()).text, '{"count":3}')
  })

  it('refuses code that does not compile, with the place', async () => {
    const { refusal } = await worker.loadCompiled({ code: 'const a = 1\nconst b = = 2' })
    const { file, ...where } = refusal ?? {}
    assert.deepEqual(where, { code: 'CODE_NOT_COMPILING', message: "Unexpected token '='", line: 2, column: 11 })
    assert.match(file ?? '', /^fn\d+$/)
  })

  it('refuses code without a default export that is a function', async () => {
    for (const source of ['export const a = 1', 'export default { a: 1 }', 'export default undefined', 'globalThis.x = 1']) {
      assert.equal((await worker.load(source)).refusal?.code, 'CODE_WITHOUT_DEFAULT_EXPORT', source)
    }
  })

  it('refuses code that throws when it is loaded, with the place in what the author wrote', async () => {
    const { refusal } = await worker.load(
      'interface Unused { a: string }\n\nconst table: string[] = []\nconst first = table[0].length\nexport default () => first',
    )
    assert.equal(refusal?.code, 'CODE_THROWS_AT_LOAD')
    assert.match(refusal.message, /Cannot read properties of undefined/)
    assert.deepEqual([refusal.line, refusal.column], [4, 24])
  })

  it('refuses code that throws what is no error, or what cannot be read', async () => {
    for (const thrown of [
      'null',
      '"text"',
      'Symbol("s")',
      '{ get message() { throw 1 } }',
      'new Proxy({}, { get() { throw 1 } })',
      '{ get message() { for (;;); } }',
    ]) {
      assert.equal((await worker.load(`throw ${thrown}\nexport default 1`)).refusal?.code, 'CODE_THROWS_AT_LOAD', thrown)
    }
  })

  it('refuses code that does not come to its end when it is loaded', async () => {
    for (const source of ['for (;;) {}\nexport default 1', 'const spin = async () => { for (;;) await null }\nspin()\nexport default () => 1']) {
      const { refusal } = await worker.load(source)
      assert.equal(refusal?.code, 'CODE_THROWS_AT_LOAD')
      assert.match(refusal.message, /longer than \d+ ms/)
    }
  })

  it('keeps serving the old version when the new one is refused', async () => {
    const { index } = await worker.load('export default () => "old"')
    assert.notEqual((await worker.load('throw new Error("no")\nexport default 1', { index })).refusal, undefined)
    assert.equal((await worker.call(index)).text, 'old')
  })

  it('swaps to the new version while calls of the old one finish on the old one', async () => {
    const { index } = await worker.load('export default async () => { await new Promise((done) => setTimeout(done, 100)); return "old" }')
    const running = worker.call(index)
    await worker.load('export default () => "new"', { index, version: '1.0.1' })
    assert.equal((await worker.call(index)).text, 'new')
    assert.equal((await running).text, 'old')
  })

  it('ends the timers of a version with it', async () => {
    const { index } = await worker.load('let n = 0\nsetInterval(() => console.log("tick of the old version", ++n), 5)\nexport default () => "old"')
    await worker.logged((entry) => entry.message.startsWith('tick of the old version'))
    await worker.load('export default () => "new"', { index })
    const ticks = (): number => worker.logs.filter((entry) => entry.message.startsWith('tick of the old version')).length
    // The old version is looked at every 50 ms; once a later timer of the new one has fired, its own are gone.
    const wait = await worker.given('export default async () => { await new Promise((done) => setTimeout(done, 150)); return "waited" }')
    await wait()
    const before = ticks()
    await wait()
    assert.equal(ticks(), before)
  })

  it('forgets a function when told', async () => {
    const { index } = await worker.load('export default () => "here"')
    worker.tell(0, toWorker.unload, { index })
    await assert.rejects(worker.call(index), (error) => error instanceof CallFailed && error.failure.code === 'FUNCTION_FAILED')
  })

  it('tells functions where they run', async () => {
    const call = await worker.given('export default () => ({ gateway: imp.gateway, environment: imp.environment, env: imp.env })')
    assert.deepEqual(JSON.parse((await call()).text), { gateway: 'shop', environment: 'dev', env: {} })
  })
})
