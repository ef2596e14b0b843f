import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { eventually } from '../support/eventually.ts'
import { givenOwnMongo } from '../support/given-mongo.ts'
import { givenEnvironment, givenRuntime } from '../support/given-runtime.ts'

const answering = (text: string): string => `export default async (req, res) => res.send('${text}')`

describe('without MongoDB', () => {
  it('known code and keys go on, and everything resumes by itself', async function () {
    this.timeout(60_000)
    await using mongo = await givenOwnMongo()
    await using runtime = await givenRuntime(mongo)
    const given = await givenEnvironment(runtime, mongo)
    await given.publishAndWait('hello', answering('one'))
    const { key, revision } = await given.grant()
    await given.acknowledged(revision)
    await given.acknowledged(await given.configure({ authType: 'key-auth' }))
    const call = (apikey = key): Promise<Response> => given.fetch('/hello', { headers: { apikey } })
    const { pid } = await runtime.event('worker-bound')

    await mongo.kill()
    assert.equal(await (await call()).text(), 'one')
    assert.equal((await call('imp_dev_wrong')).status, 401)
    assert.equal((await fetch(`http://127.0.0.1:${runtime.port}/healthz`)).status, 200)
    // Even a worker that dies meanwhile is replaced, because the code that serves is kept with it.
    process.kill(pid, 'SIGKILL')
    await runtime.event('worker-lost')
    assert.equal(await (await call()).text(), 'one')
    await runtime.event('bell', (event) => event.state === 'deaf')
    const readiness = async () => (await fetch(`http://127.0.0.1:${runtime.port}/readyz`)).json()
    const stale = (await readiness()) as { staleSince: string; lagMs: number }
    assert.deepEqual({ ...stale, staleSince: '', lagMs: 0 }, { status: 'ready', environments: 1, gateways: 1, staleGateways: 1, staleSince: '', lagMs: 0 })
    assert.ok(stale.lagMs >= 0 && Date.parse(stale.staleSince) <= Date.now())

    await mongo.restart()
    await given.acknowledged(await given.publish('hello', answering('two')))
    assert.equal(await (await call()).text(), 'two')
    await eventually(async () => assert.deepEqual(await readiness(), { status: 'ready', environments: 1, gateways: 1, staleGateways: 0, lagMs: 0 }))
    const states = runtime.events.flatMap((event) => (event.type === 'bell' ? [event.state] : []))
    assert.deepEqual(states.slice(0, 2), ['live', 'deaf'])
  })

  it('finishes what runs and leaves in order when it is told to end', async function () {
    this.timeout(60_000)
    await using mongo = await givenOwnMongo()
    await using runtime = await givenRuntime(mongo)
    const given = await givenEnvironment(runtime, mongo)
    await given.publishAndWait('slow', 'export default () => new Promise((done) => setTimeout(done, 2_000, "finished"))')
    await given.publishAndWait('hello', answering('one'))
    assert.equal(await (await given.fetch('/hello')).text(), 'one')

    await mongo.kill()
    const answered = given.fetch('/slow').then((response) => response.text())
    await runtime.event('bell', (event) => event.state === 'deaf')
    const exited = once(runtime.process, 'exit')
    runtime.process.kill('SIGTERM')
    assert.equal(await answered, 'finished')
    assert.deepEqual(await exited, [0, null])
    // For whoever takes the database away.
    await mongo.restart()
  })
})
