import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { ControlReply } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { mongoForSuite } from '../support/for-suite.ts'
import { connectControl } from '../support/given-control.ts'
import { GivenEnvironment, type GivenRuntime, givenEnvironment, givenRuntime } from '../support/given-runtime.ts'

const hello = `export default async (req, res) => res.send('hello')`
const codeOf = (reply: ControlReply): string => (reply.type === 'refused' ? reply.code : reply.type)

describe('the control socket', () => {
  const mongo = mongoForSuite()

  it('is open to its owner alone and understands nobody without the token', async () => {
    await using runtime = await givenRuntime(mongo())
    assert.equal((await stat(runtime.controlPath)).mode & 0o777, 0o600)
    await assert.rejects(connectControl(runtime.controlPath, 'guess'), /FORBIDDEN/)
    const socket = connect(runtime.controlPath)
    socket.write('{"type":"ping","id":7}\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.equal((JSON.parse(answer.toString()) as { code: string }).code, 'FORBIDDEN')
    await once(socket, 'close')
  })

  it('tells who the runtime is and which port it got', async () => {
    await using runtime = await givenRuntime(mongo())
    const reply = await runtime.control.ask({ type: 'ping' })
    assert.deepEqual({ runtimeId: reply.runtimeId, pid: reply.pid }, { runtimeId: runtime.id, pid: runtime.process.pid })
    assert.equal((await fetch(`http://127.0.0.1:${reply.port}/healthz`)).status, 200)
  })

  it('says done to an assignment when what was published before is served', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = new GivenEnvironment(runtime, mongo(), mongo().newGatewayId(), 'dev')
    await given.configure()
    await given.publish('hello', hello)
    assert.equal((await given.fetch('/hello')).status, 404)
    await runtime.control.ask({ type: 'assign', assignment: given.assignment })
    assert.equal(await (await given.fetch('/hello')).text(), 'hello')
    assert.equal((await given.live())?.revision, 2)
  })

  it('lets an environment go that a sync does not name, with its document and its worker', async () => {
    await using runtime = await givenRuntime(mongo())
    const gone = await givenEnvironment(runtime, mongo())
    const kept = await givenEnvironment(runtime, mongo())
    await gone.publishAndWait('hello', hello)
    const { pid } = await runtime.event('worker-bound')
    await runtime.control.ask({ type: 'sync', assignments: [kept.assignment] })
    assert.equal((await gone.fetch('/hello')).status, 404)
    assert.equal(await gone.live(), null)
    assert.ok(await kept.live())
    assert.throws(() => process.kill(pid, 0))
  })

  it('refuses a message whose fence is behind, and changes nothing for it', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('hello', hello)
    await runtime.control.ask({ type: 'assign', assignment: { ...given.assignment, fence: 5 } })
    const { gatewayId, environment } = given
    assert.equal(codeOf(await runtime.control.say({ type: 'unassign', gatewayId, environment, fence: 4 })), 'FENCE_STALE')
    assert.equal(codeOf(await runtime.control.say({ type: 'sync', assignments: [given.assignment] })), 'FENCE_STALE')
    assert.equal((await given.fetch('/hello')).status, 200)
    await runtime.control.ask({ type: 'unassign', gatewayId, environment, fence: 5 })
    assert.equal(codeOf(await runtime.control.say({ type: 'assign', assignment: given.assignment })), 'FENCE_STALE')
    assert.equal((await given.fetch('/hello')).status, 404)
  })

  it('takes a new driver over from the old one, and goes on serving in between', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('hello', hello)
    const next = await connectControl(runtime.controlPath, runtime.token)
    await runtime.control.closed
    assert.equal((await given.fetch('/hello')).status, 200)
    await next.ask({ type: 'sync', assignments: [given.assignment] })
    next.close()
    assert.equal((await given.fetch('/hello')).status, 200)
    const third = await connectControl(runtime.controlPath, runtime.token)
    await third.ask({ type: 'ping' })
    third.close()
  })

  it('takes over new hosts and a new address of the data', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('count', `export default async (req, res) => res.json(await imp.db().collection('things').countDocuments())`)
    const count = async (): Promise<unknown> => (await given.fetch('/count')).json()
    assert.equal(await count(), 0)
    const dataDatabase = `gatewayid_${given.gatewayId}_staging`
    await mongo().client.db(dataDatabase).collection('things').insertOne({})
    await runtime.control.ask({ type: 'assign', assignment: { ...given.assignment, dataDatabase, fence: 2 } })
    assert.equal(await count(), 1)
  })

  const slow = `export default async (req, res) => {
    await imp.db().collection('seen').insertOne({})
    await new Promise((resolve) => setTimeout(resolve, 300))
    return res.send('done')
  }`
  const givenRunningCall = async (runtime: GivenRuntime): Promise<{ given: GivenEnvironment; answer: Promise<string> }> => {
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('slow', slow)
    const answer = given.fetch('/slow').then((response) => response.text())
    const seen = mongo().client.db(given.assignment.dataDatabase).collection('seen')
    await eventually(async () => assert.equal(await seen.countDocuments(), 1))
    return { given, answer }
  }

  it('answers stop when everything is finished, and leaves nothing in the database', async () => {
    await using runtime = await givenRuntime(mongo())
    const { given, answer } = await givenRunningCall(runtime)
    const exited = once(runtime.process, 'exit')
    await runtime.control.ask({ type: 'stop' })
    assert.equal(await answer, 'done')
    assert.deepEqual(await exited, [0, null])
    assert.equal(await given.live(), null)
  })

  it('finishes what runs when it is asked to end by a signal', async () => {
    await using runtime = await givenRuntime(mongo())
    const { answer } = await givenRunningCall(runtime)
    const exited = once(runtime.process, 'exit')
    runtime.process.kill('SIGTERM')
    assert.equal(await answer, 'done')
    assert.deepEqual(await exited, [0, null])
  })

  it('leaves when no driver has been there for too long', async () => {
    await using runtime = await givenRuntime(mongo(), { IMPRUN_RUNTIME_ORPHAN_MS: '200' })
    const exited = once(runtime.process, 'exit')
    runtime.control.close()
    assert.deepEqual(await exited, [0, null])
  })

  it('names every fault of its settings at once and ends with 2', async () => {
    await assert.rejects(
      givenRuntime(mongo(), { IMPRUN_RUNTIME_TOKEN: '', IMPRUN_RUNTIME_PORT: 'many', IMPRUN_RUNTIME_MONGODB_URI: 'http://secret' }),
      ({ message }: Error) => {
        assert.match(message, /code 2/)
        for (const name of ['IMPRUN_RUNTIME_TOKEN', 'IMPRUN_RUNTIME_PORT', 'IMPRUN_RUNTIME_MONGODB_URI']) assert.match(message, new RegExp(name))
        assert.equal(message.includes('secret'), false)
        return true
      },
    )
  })

  it('ends with 3 when its port is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as { port: number }
    await assert.rejects(givenRuntime(mongo(), { IMPRUN_RUNTIME_PORT: String(port) }), /code 3/)
    holder.close()
  })
})
