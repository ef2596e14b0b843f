import { strict as assert } from 'node:assert'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ImprunEvent } from '@imprun/contracts'
import { eventually } from '../../test/support/eventually.ts'
import { givenHttpBackend } from '../../test/support/given-http-backend.ts'
import { sampleGateway } from '../../test/support/samples.ts'
import { silentLog } from '../platform/log.ts'
import { Session } from './session.ts'

const backendOf = (apiUrl: string) => ({ apiUrl, token: 'secret', userId: 'u', userName: 'kim' })

async function givenSession() {
  const backend = await givenHttpBackend()
  const session = new Session(silentLog)
  const events: ImprunEvent[] = []
  const statuses: string[] = []
  session.onEvent((event) => events.push(event))
  session.onStatus((status) => statuses.push(status))
  return {
    ...{ backend, session, events, statuses },
    async [Symbol.asyncDispose]() {
      session.dispose()
      await backend[Symbol.asyncDispose]()
    },
  }
}

describe('a session', () => {
  it('goes online with the event stream and hands events on', async () => {
    await using given = await givenSession()
    given.session.open(backendOf(given.backend.apiUrl))
    await eventually(() => assert.equal(given.session.status, 'online'))
    given.backend.send({ type: 'gatewayGone', gatewayId: 'old' })
    await eventually(() => assert.deepEqual(given.events.at(-1), { type: 'gatewayGone', gatewayId: 'old' }))
    assert.deepEqual(given.statuses, ['connecting', 'online'])
  })

  it('comes back by itself after the stream broke, and reads again the lists that were read', async () => {
    await using given = await givenSession()
    let gateways = [sampleGateway('hometax')]
    given.backend.on('GET /api-gateways', () => ({ json: { items: gateways } }))
    given.session.open(backendOf(given.backend.apiUrl))
    await eventually(() => assert.equal(given.session.status, 'online'))
    const { catalog } = given.session.current ?? assert.fail('nobody is signed in')
    await catalog.gateways.ensureLoaded()
    gateways = [...gateways, sampleGateway('shopping')]
    given.backend.cutStreams()
    await eventually(() =>
      assert.deepEqual(
        catalog.gateways.items.map((gateway) => gateway.gatewayId),
        ['hometax', 'shopping'],
      ),
    )
    assert.deepEqual(given.statuses, ['connecting', 'online', 'offline', 'online'])
    assert.equal(given.backend.streams().open, 1)
  })

  it('signs out when the backend no longer knows the token, and does not knock again', async () => {
    await using given = await givenSession()
    const refused: string[] = []
    given.session.onRefused((backend) => refused.push(backend.apiUrl))
    given.backend.on('GET /events', () => ({ problem: 'SIGN_IN_REQUIRED' }))
    given.session.open(backendOf(given.backend.apiUrl))
    await eventually(() => assert.equal(given.session.status, 'signedOut'))
    assert.deepEqual(refused, [given.backend.apiUrl])
    assert.equal(given.session.current, undefined)
    assert.equal(given.backend.calls.length, 1)
  })

  it('passes over events that it does not know', async () => {
    await using given = await givenSession()
    given.session.open(backendOf(given.backend.apiUrl))
    await eventually(() => assert.equal(given.session.status, 'online'))
    given.backend.send({ type: 'fromTheFuture' } as never)
    given.backend.send({ type: 'gatewayGone', gatewayId: 'old' })
    await eventually(() => assert.equal(given.events.at(-1)?.type, 'gatewayGone'))
    assert.deepEqual(
      given.events.map(({ type }) => type),
      ['hello', 'gatewayGone'],
    )
  })

  it('leaves no stream behind when it is closed', async () => {
    await using given = await givenSession()
    given.session.open(backendOf(given.backend.apiUrl))
    await eventually(() => assert.equal(given.backend.streams().open, 1))
    given.session.close()
    await eventually(() => assert.equal(given.backend.streams().open, 0))
    assert.equal(given.session.status, 'signedOut')
  })

  it('finds a backend of this machine again that came back elsewhere', async () => {
    await using given = await givenSession()
    const folder = await mkdtemp(path.join(tmpdir(), 'imprun-session-'))
    const connectionFile = path.join(folder, 'connection.json')
    const point = (apiUrl: string) => writeFile(connectionFile, JSON.stringify({ apiUrl, edgeUrl: apiUrl, token: 'secret', pid: 7 }))
    await point(given.backend.apiUrl)
    given.session.open({ ...backendOf(given.backend.apiUrl), connectionFile })
    await eventually(() => assert.equal(given.session.status, 'online'))
    given.backend.on('GET /events', () => 'hang up')
    given.backend.cutStreams()
    await eventually(() => assert.equal(given.session.status, 'offline'))
    await using moved = await givenHttpBackend()
    await point(moved.apiUrl)
    await eventually(() => assert.equal(given.session.status, 'online'))
    assert.equal(moved.streams().open, 1)
    given.session.close()
    await rm(folder, { recursive: true })
  })
})
