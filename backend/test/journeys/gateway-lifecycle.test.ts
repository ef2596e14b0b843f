import { strict as assert } from 'node:assert'
import { connect } from 'node:net'
import type { Phase } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished, taxAtRate22, taxCode } from '../support/given-gateway.ts'
import { givenMongo } from '../support/given-mongo.ts'
import { watchEvents } from '../support/watch-events.ts'

describe('the life of a gateway', function () {
  this.timeout(60_000)
  it('goes through its phases where the event stream shows them, and ends with three started environments', async () => {
    await using backend = await givenBackend()
    await using events = await watchEvents(backend.api)

    await givenGateway(backend, 'newborn')

    const phases = await eventually(() => {
      const seen = events.seen.flatMap((event) => (event.type === 'gateway' && event.gateway.gatewayId === 'newborn' ? [event.gateway.phase] : []))
      assert.ok(seen.includes('Started'), seen.join(' '))
      return [...new Set(seen)]
    })
    const order: Phase[] = ['Creating', 'Created', 'Starting', 'Started']
    assert.deepEqual(
      phases,
      order.filter((phase) => phases.includes(phase)),
      'phases only go forward',
    )
    const { environments } = await backend.api.call('getGateway', { params: { gatewayId: 'newborn' } })
    assert.deepEqual(
      environments.map(({ name, phase }) => `${name} ${phase}`),
      ['dev Started', 'staging Started', 'prod Started'],
    )
  })

  it('leaves no database, user or published function behind when it is deleted', async () => {
    await using backend = await givenBackend()
    await using mongo = await givenMongo()
    const traces = async () => {
      const { databases } = await mongo.database.client.db('admin').admin().listDatabases({ nameOnly: true })
      const { users } = await mongo.database.client.db('admin').command({ usersInfo: 1 })
      return [...databases.map(({ name }) => name), ...(users as { user: string }[]).map(({ user }) => user)].filter((name) => name.includes('shortlived'))
    }
    await givenGateway(backend, 'shortlived')
    await givenPublished(backend, 'shortlived', 'calculateTax', taxCode(0.22))
    assert.equal((await callFunction(backend, { gatewayId: 'shortlived', environment: 'dev', name: 'calculateTax' })).status, 200)
    assert.ok((await traces()).length >= 4)

    await backend.api.call('deleteGateway', { params: { gatewayId: 'shortlived' } })
    await eventually(async () => {
      assert.equal((await backend.api.refusal('getGateway', { params: { gatewayId: 'shortlived' } })).code, 'GATEWAY_NOT_FOUND')
    }, 15_000)

    assert.deepEqual(await traces(), [])
    assert.equal((await callFunction(backend, { gatewayId: 'shortlived', environment: 'dev', name: 'calculateTax' })).status, 404)
  })

  it('stops answering when it is stopped, and takes up its functions when it is started', async () => {
    await using backend = await givenBackend()
    const gatewayId = 'resting'
    const phaseBecomes = (phase: Phase) => eventually(async () => assert.equal((await backend.api.call('getGateway', { params: { gatewayId } })).phase, phase))
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, 'calculateTax', taxCode(0.22))

    await backend.api.call('patchGateway', { params: { gatewayId }, body: { state: 'inactive' } })
    await phaseBecomes('Stopped')
    const stopped = await callFunction(backend, { gatewayId, environment: 'dev', name: 'calculateTax' })
    const refusal = await backend.api.refusal('publishFunction', { params: { gatewayId, functionId: 'calculateTax' }, body: { environment: 'dev' } })
    await backend.api.call('patchGateway', { params: { gatewayId }, body: { state: 'active' } })
    await phaseBecomes('Started')

    assert.equal(stopped.status, 404)
    assert.equal(refusal.code, 'ENVIRONMENT_NOT_STARTED')
    assert.deepEqual(await callFunction(backend, { gatewayId, environment: 'dev', name: 'calculateTax' }), { status: 200, body: { tax: taxAtRate22 } })
  })
})

describe('starting again', function () {
  // Each of these ends and starts a whole installation, MongoDB included.
  this.timeout(90_000)
  let backend: GivenBackend
  before(async () => {
    backend = await givenBackend({ asProcess: true, mongodb: 'embedded', hasDemo: true })
  })
  after(() => backend?.[Symbol.asyncDispose]())
  const callDemo = () => callFunction(backend, { gatewayId: 'hometax', environment: 'dev', name: 'calculateTax' })

  it('after Ctrl-C finds everything as it was', async () => {
    assert.deepEqual(await callDemo(), { status: 200, body: { tax: taxAtRate22 } })

    const { exitCode } = await backend.stop()
    await backend.start()

    assert.equal(exitCode, 0)
    assert.deepEqual(await callDemo(), { status: 200, body: { tax: taxAtRate22 } })
    const { items } = await backend.api.call('listDeployments', { params: { gatewayId: 'hometax', functionId: 'calculateTax' } })
    assert.equal(items.length, 1, 'the demo is published once')
  })

  it('after kill -9 in the middle of creating a gateway finishes it', async () => {
    await backend.api.call('createGateway', { body: { name: 'interrupted', gatewayId: 'interrupted' } })
    await backend.kill()
    await backend.start()

    const { phase } = await eventually(async () => {
      const gateway = await backend.api.call('getGateway', { params: { gatewayId: 'interrupted' } })
      assert.equal(gateway.phase, 'Started', gateway.lastError?.message)
      return gateway
    }, 15_000)

    assert.equal(phase, 'Started')
    await givenPublished(backend, 'interrupted', 'calculateTax', taxCode(0.22))
    assert.equal((await callFunction(backend, { gatewayId: 'interrupted', environment: 'dev', name: 'calculateTax' })).status, 200)
  })

  it('goes on serving while the backend is dead', async () => {
    const { connection } = backend
    await backend.kill()
    const answer = await callFunction({ connection }, { gatewayId: 'hometax', environment: 'dev', name: 'calculateTax' })
    await backend.start()

    assert.deepEqual(answer, { status: 200, body: { tax: taxAtRate22 } })
    assert.equal(backend.connection.edgeUrl, connection.edgeUrl, 'the runtime that still runs is taken over')
  })

  it('leaves no port open after it was stopped', async () => {
    const ports = [backend.connection.apiUrl, backend.connection.edgeUrl].map((url) => Number(new URL(url).port))
    await backend.stop()

    for (const port of ports) assert.equal(await isOpen(port), false, `port ${port}`)
    await backend.start()
  })
})

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
