import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { servedForSuite } from '../support/for-suite.ts'

/** What the function under test answers: the value, or what it caught. */
interface Asked {
  value?: unknown
  id?: string
  code?: string
  status?: number
  message?: string
}

describe('imp.invoke', () => {
  const given = servedForSuite()
  before(async () => {
    await given().publishAndWait(
      'double',
      'export default (req, res) => res.json({ twice: req.body.n * 2, trigger: req.trigger, id: req.id, method: req.method })',
    )
    await given().publishAndWait(
      'calls',
      `export default async (req, res) => {
        try { return res.json({ value: await imp.invoke(req.body.name, req.body.input, req.body.options) ?? null, id: req.id }) }
        catch (error) { return res.json({ failed: error.name, code: error.code, status: error.status, body: error.body, of: error.functionName, message: error.message }) }
      }`,
    )
  })
  const ask = async (body: unknown): Promise<Asked> => {
    const response = await given().fetch('/calls', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    assert.equal(response.status, 200, await response.clone().text())
    return (await response.json()) as Asked
  }

  it('answers with what the other function answered, under a request id that continues the own one', async () => {
    const { value, id } = await ask({ name: 'double', input: { n: 21 } })
    assert.deepEqual(value, { twice: 42, trigger: 'invoke', id: `${id}.1`, method: 'POST' })
  })

  it('answers text as text, bytes as bytes and nothing as undefined', async () => {
    await given().publishAndWait('text', `export default (req, res) => res.type('text/plain').send('grüße ' + (req.body.n ?? 'none'))`)
    await given().publishAndWait('bytes', 'export default (req, res) => res.send(new Uint8Array([0, 128, 255]))')
    await given().publishAndWait('nothing', 'export default (req, res) => res.status(204).end()')
    assert.equal((await ask({ name: 'text' })).value, 'grüße none')
    assert.deepEqual((await ask({ name: 'bytes' })).value, { 0: 0, 1: 128, 2: 255 })
    assert.equal((await ask({ name: 'nothing' })).value, null)
  })

  it('carries text of any language and several pieces both ways', async () => {
    await given().publishAndWait(
      'echo',
      `export default async (req, res) => { res.type('json'); await res.write('{"said":'); await res.write(JSON.stringify(req.body)); res.end('}') }`,
    )
    assert.deepEqual((await ask({ name: 'echo', input: { 말: '안녕 🙂' } })).value, { said: { 말: '안녕 🙂' } })
  })

  it('rejects with status, name and body when the other function answers an error', async () => {
    await given().publishAndWait('refuses', 'export default (req, res) => res.status(409).json({ why: "taken" })')
    const { message, ...failure } = await ask({ name: 'refuses' })
    assert.deepEqual(failure, { failed: 'InvokeError', code: 'INVOKE_REFUSED', status: 409, body: { why: 'taken' }, of: 'refuses' })
    assert.match(message ?? '', /refuses.*409/)
  })

  it('rejects for a function that throws or does not exist', async () => {
    await given().publishAndWait('throws', 'export default () => { throw new Error("inside") }')
    assert.deepEqual(pick(await ask({ name: 'throws' })), { code: 'FUNCTION_FAILED', status: 500 })
    assert.deepEqual(pick(await ask({ name: 'absent' })), { code: 'FUNCTION_NOT_FOUND', status: 404 })
    assert.match((await ask({ name: 'a\nb' })).message ?? '', /name of a function/)
  })

  it('ends with the time limit given, or with what is left of the own one', async () => {
    await given().publishAndWait('waits', 'export default () => new Promise(() => {})')
    assert.deepEqual(pick(await ask({ name: 'waits', options: { timeoutMs: 60 } })), { code: 'FUNCTION_TIMED_OUT', status: 504 })
    await given().publishAndWait(
      'short',
      `export default async (req, res) => { try { await imp.invoke('waits') } catch (error) { return res.json({ code: error.code }) } }`,
      { limits: { timeoutMs: 600 } },
    )
    assert.deepEqual(await (await given().fetch('/short')).json(), { code: 'FUNCTION_TIMED_OUT' })
  })

  it('ends a circle of calls with a clear error', async () => {
    await given().publishAndWait(
      'circle',
      `export default async (req, res) => {
        try { return res.json(await imp.invoke('circle', {})) }
        catch (error) { return res.json({ code: error.code, message: error.message, id: req.id }) }
      }`,
    )
    const answer = (await (await given().fetch('/circle')).json()) as { code: string; message: string; id: string }
    assert.equal(answer.code, 'INVOKE_TOO_DEEP')
    assert.match(answer.message, /circle/)
    assert.match(answer.id, /(\.1){8}$/)
  })

  it('bounds how many inner calls one request has under way', async () => {
    await given().publishAndWait(
      'fan',
      `export default async (req, res) => {
        const results = await Promise.allSettled(Array.from({ length: 80 }, (_, n) => imp.invoke('double', { n })))
        return res.json({ done: results.filter(({ status }) => status === 'fulfilled').length, code: results.find(({ status }) => status === 'rejected')?.reason.code })
      }`,
    )
    const { done, code } = (await (await given().fetch('/fan')).json()) as { done: number; code: string }
    assert.ok(done >= 64 && done <= 80, String(done))
    assert.equal(code, 'INVOKE_TOO_MANY')
  })

  it('never waits for a place that its own callers hold', async () => {
    await given().acknowledged(await given().configure({ limits: { concurrency: 10 } }))
    await given().publishAndWait(
      'slowly',
      'export default async (req, res) => { await new Promise((resolve) => setTimeout(resolve, 10)); return res.json({ ok: true }) }',
    )
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask({ name: 'slowly' })))
    assert.ok(answers.every(({ value }) => (value as { ok?: boolean }).ok === true))
    await given().acknowledged(await given().configure())
  })

  it('never waits for a place of the function that its own callers hold', async () => {
    await given().publishAndWait(
      'single',
      `export default async (req, res) => res.json({ depth: req.body.depth ? (await imp.invoke('single', { depth: req.body.depth - 1 })).depth + 1 : 0 })`,
      { limits: { concurrency: 1 } },
    )
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask({ name: 'single', input: { depth: 3 } })))
    assert.deepEqual(
      answers.map(({ value }) => value),
      answers.map(() => ({ depth: 3 })),
    )
  })

  it('runs the middleware of the other function', async () => {
    await given().publishAndWait('inner/_middleware', 'export default (req, res, next) => { req.locals.by = req.trigger; return next() }')
    await given().publishAndWait('inner/one', 'export default (req, res) => res.json(req.locals)')
    assert.deepEqual((await ask({ name: 'inner/one' })).value, { by: 'invoke' })
    assert.equal((await ask({ name: 'inner/_middleware' })).code, 'FUNCTION_NOT_FOUND')
  })

  it('counts as an effect: a call that invoked is not run again when its worker is lost', async () => {
    await given().publishAndWait(
      'counts',
      `export default async (req, res) => {
        await imp.invoke('double', { n: 1 })
        console.log('invoked')
        await new Promise((resolve) => setTimeout(resolve, 10_000))
        return res.send('late')
      }`,
    )
    const answer = given().fetch('/counts')
    const bound = given()
      .runtime.events.filter((event) => event.type === 'worker-bound')
      .at(-1)
    assert.ok(bound?.type === 'worker-bound')
    await eventually(async () => assert.ok(await given().database.collection('__logs').findOne({ functionName: 'counts', message: 'invoked' })))
    process.kill(bound.pid, 'SIGKILL')
    const response = await answer
    assert.deepEqual([response.status, ((await response.json()) as { code: string }).code], [502, 'WORKER_LOST'])
  })
})

const pick = ({ code, status }: Asked): unknown => ({ code, status })
