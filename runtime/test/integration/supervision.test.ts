import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { mongoForSuite } from '../support/for-suite.ts'
import { givenLoad } from '../support/given-load.ts'
import { givenEnvironment, givenRuntime } from '../support/given-runtime.ts'

const pure = `export default async (req, res) => res.send('pure')`
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('supervision', () => {
  const mongo = mongoForSuite()

  it('loses no request of a pure function when its worker is killed under load', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('pure', pure)
    const load = givenLoad(given.url('/pure'), 30)
    const killed: number[] = []
    for (let round = 1; round <= 3; round++) {
      const { pid } = await eventually(() => {
        const bound = runtime.events.filter((event) => event.type === 'worker-bound').at(-1)
        assert.ok(bound !== undefined && !killed.includes(bound.pid))
        return bound
      })
      const answers = load.report.answers
      await eventually(() => assert.ok(load.report.answers > answers + 200, 'The load runs.'))
      process.kill(pid, 'SIGKILL')
      killed.push(pid)
      await runtime.event('worker-lost', (event) => event.pid === pid)
      await eventually(() => assert.equal(isAlive(pid), false))
    }
    const { failures, answers } = await load.stop()
    assert.equal(new Set(killed).size, 3)
    assert.deepEqual(failures, [])
    assert.ok(answers > 600)
  })

  it('tells the callers of a function that had touched the outside world', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait(
      'writes',
      `export default async (req, res) => {\n  await imp.db().collection('seen').insertOne({ at: new Date() })\n  await new Promise((resolve) => setTimeout(resolve, 60_000))\n}`,
    )
    const { pid } = await runtime.event('worker-bound')
    const answer = given.fetch('/writes')
    const data = mongo().client.db(given.assignment.dataDatabase)
    await eventually(async () => assert.equal(await data.collection('seen').countDocuments(), 1))
    process.kill(pid, 'SIGKILL')
    const response = await answer
    assert.equal(response.status, 502)
    assert.equal(((await response.json()) as { code: string }).code, 'WORKER_LOST')
    assert.equal(await data.collection('seen').countDocuments(), 1)
    const requestId = response.headers.get('x-request-id')
    await eventually(async () => assert.match((await given.database.collection('__logs').findOne({ requestId }))?.message ?? '', /was lost/))
  })

  it('kills a worker that does not answer any more and serves with the next', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('pure', pure)
    const { pid } = await runtime.event('worker-bound')
    process.kill(pid, 'SIGSTOP')
    const response = await given.fetch('/pure')
    assert.deepEqual([response.status, await response.text()], [200, 'pure'])
    const lost = await runtime.event('worker-lost')
    assert.deepEqual([lost.pid, lost.reason, lost.resent, lost.running], [pid, 'silent', 1, ['pure']])
    await eventually(() => assert.equal(isAlive(pid), false))
  })

  it('answers for loops that overlap with 504 and keeps the worker', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('loop', 'export default async () => { for (;;); }', { limits: { timeoutMs: 300 } })
    const responses = await Promise.all(Array.from({ length: 4 }, () => given.fetch('/loop')))
    assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([504]))
    assert.equal(
      runtime.events.some((event) => event.type === 'worker-lost'),
      false,
    )
  })

  it('retires a worker that nobody needs and wakes another with the first request', async () => {
    await using runtime = await givenRuntime(mongo(), { IMPRUN_RUNTIME_IDLE_MS: '300' })
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('pure', pure)
    const { pid } = await runtime.event('worker-retired')
    await eventually(() => assert.equal(isAlive(pid), false))
    const responses = await Promise.all(Array.from({ length: 20 }, () => given.fetch('/pure')))
    assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]))
    assert.equal(runtime.events.filter((event) => event.type === 'worker-bound').length, 2)
  })

  it('serves without spares too, one worker for all who wait', async () => {
    await using runtime = await givenRuntime(mongo(), { IMPRUN_RUNTIME_SPARES: '0', IMPRUN_RUNTIME_IDLE_MS: '300' })
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('pure', pure)
    await runtime.event('worker-retired')
    const responses = await Promise.all(Array.from({ length: 10 }, () => given.fetch('/pure')))
    assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]))
    assert.equal(runtime.events.filter((event) => event.type === 'spare-ready').length, 2)
  })

  it('goes on with the version that serves when a new worker is given a broken one first', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('steady', pure)
    const { pid } = await runtime.event('worker-bound')
    process.kill(pid, 'SIGKILL')
    await runtime.event('worker-lost')
    const { failures } = await given.publishAndWait('steady', 'throw new Error("no")', { version: '1.0.1' })
    assert.equal(failures[0]?.code, 'CODE_THROWS_AT_LOAD')
    const response = await given.fetch('/steady')
    assert.deepEqual([response.status, await response.text()], [200, 'pure'])
  })

  it('keeps the workers of a runtime that is killed from outliving it', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('pure', pure)
    await eventually(() => assert.equal(runtime.events.filter((event) => event.type === 'spare-ready').length, 2))
    const pids = runtime.events.flatMap((event) => (event.type === 'spare-ready' ? [event.pid] : []))
    runtime.process.kill('SIGKILL')
    await eventually(() => assert.deepEqual(pids.filter(isAlive), []))
  })
})
