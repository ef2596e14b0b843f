import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { configurationDefault, givenWorker, type WorkerUnderTest } from '../support/given-worker.ts'

describe('variables of a worker', () => {
  let worker: WorkerUnderTest
  before(async () => {
    worker = await givenWorker({ configuration: { ...configurationDefault, variables: { GREETING: 'hello', RATE: '22' } } })
  })
  after(async () => worker[Symbol.asyncDispose]())
  afterEach(() => worker.configure({ variables: { GREETING: 'hello', RATE: '22' } }))

  it('are there when the top level runs and when a call does', async () => {
    const call = await worker.given(
      'const atLoad = imp.env.GREETING; export default (req, res) => res.json({ atLoad, now: imp.env.GREETING, no: typeof imp.env.NO })',
    )
    assert.deepEqual(JSON.parse((await call()).text), { atLoad: 'hello', now: 'hello', no: 'undefined' })
  })

  it('change for the next call; what the top level read stays', async () => {
    const call = await worker.given('const atLoad = imp.env.GREETING; export default (req, res) => res.json([atLoad, imp.env.GREETING, Object.keys(imp.env)])')
    assert.deepEqual(JSON.parse((await call()).text), ['hello', 'hello', ['GREETING', 'RATE']])
    await worker.configure({ variables: { GREETING: 'hallo', toString: 'a name like any other' } })
    assert.deepEqual(JSON.parse((await call()).text), ['hello', 'hallo', ['GREETING', 'toString']])
    await worker.configure({ variables: { GREETING: 'moin', MORE: 'é\u2028"' } })
    assert.deepEqual(JSON.parse((await call()).text), ['hello', 'moin', ['GREETING', 'MORE']])
  })

  it('change inside a stream that runs already', async () => {
    const call = await worker.load(`export default async (req, res) => {
      const seen = new Set()
      while (seen.size < 2) {
        if (!seen.has(imp.env.GREETING)) await res.write(imp.env.GREETING + ';')
        seen.add(imp.env.GREETING)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      res.end()
    }`)
    const { answer, chunks } = worker.begin(call.index)
    await eventually(() => assert.ok(chunks.includes('hello;')))
    await worker.configure({ variables: { GREETING: 'moin' } })
    assert.equal((await answer).text, 'hello;moin;')
  })

  it('can not be changed by a function', async () => {
    const call = await worker.given(`export default (req, res) => {
      const outcomes = [
        () => { imp.env.GREETING = 'mine' },
        () => { delete imp.env.GREETING },
        () => Object.defineProperty(imp.env, 'GREETING', { value: 'mine' }),
        () => Object.setPrototypeOf(imp.env, { MINE: '1' }),
        () => { imp.env = {} },
      ].map((change) => { try { change(); return 'changed' } catch (error) { return error.name } })
      res.json({ outcomes, value: imp.env.GREETING, inherited: 'toString' in imp.env, all: { ...imp.env } })
    }`)
    const answer = JSON.parse((await call()).text)
    assert.deepEqual(answer, {
      outcomes: ['TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError'],
      value: 'hello',
      inherited: false,
      all: { GREETING: 'hello', RATE: '22' },
    })
  })

  it('are out of reach of what another function does to its globals', async () => {
    await worker.given('JSON.parse = () => ({ GREETING: "stolen" }); Object.keys = () => ["GREETING"]; export default (req, res) => res.json(1)')
    const call = await worker.given('JSON.parse = () => ({ GREETING: "own" }); export default (req, res) => res.json(imp.env.GREETING)')
    await worker.configure({ variables: { GREETING: 'true' } })
    assert.equal((await call()).text, '"true"')
  })
})
