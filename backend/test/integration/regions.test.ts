import { strict as assert } from 'node:assert'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { findFreePort } from '../../src/platform/ports.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { environmentsOf, isServedAt } from '../support/given-backends.ts'

const region = { regionId: 'seoul', name: 'Seoul', baseDomain: 'seoul.localhost' }

const stateOf = async ({ api }: GivenBackend, regionId: string) =>
  (await api.call('listRegions')).items.find((each) => each.regionId === regionId)?.runtimes.map(({ state }) => state)

/** A person who is no administrator. */
async function givenPerson({ api }: GivenBackend) {
  const { token } = await api.call('createUser', { body: { name: 'bob' } })
  return api.withToken(token)
}

/** What the region's runtime answers under a host, whatever the resolver makes of such names. */
const answerTo = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const asking = request({ host: '127.0.0.1', port, path: '/absent', headers: { host: `${hostname}:${port}` } }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve((JSON.parse(text) as { code: string }).code))
    })
    asking.on('error', reject).end()
  })

describe('regions', function () {
  this.timeout(60_000)

  it('get runtimes of their own, whose hosts end in their base domain, and go when no gateway is left', async () => {
    await using backend = await givenBackend({ env: { IMPRUN_RUNTIME_SPARES: '0' } })
    const { api } = backend
    await api.call('createRegion', { body: { ...region, settings: {} } })
    assert.equal((await api.refusal('createRegion', { body: { ...region, settings: {} } })).code, 'REGION_ID_TAKEN')
    await eventually(async () => assert.deepEqual(await stateOf(backend, 'seoul'), ['running']))
    await api.call('createGateway', { body: { name: 'tax', gatewayId: 'tax', regionId: 'seoul' } })
    await eventually(async () => assert.equal((await api.call('getGateway', { params: { gatewayId: 'tax' } })).phase, 'Started'))
    const [dev] = await environmentsOf(backend, 'tax')
    assert.ok(dev)
    assert.match(dev.url, /^http:\/\/tax\.dev\.seoul\.localhost:\d+$/)
    assert.match(dev.runtime?.runtimeId ?? '', /^seoul-/)
    assert.notEqual(new URL(dev.pathUrl).origin, backend.connection.edgeUrl)
    await isServedAt(dev)
    assert.equal(await answerTo(dev.url), 'FUNCTION_NOT_FOUND')

    const inUse = await api.refusal('deleteRegion', { params: { regionId: 'seoul' } })
    assert.deepEqual([inUse.code, inUse.facts], ['REGION_IN_USE', { gatewayIds: ['tax'] }])
    await api.call('patchRegion', { params: { regionId: 'seoul' }, body: { baseDomain: 'kr.localhost' } })
    await eventually(async () => {
      const [moved] = await environmentsOf(backend, 'tax')
      assert.match(moved?.url ?? '', /^http:\/\/tax\.dev\.kr\.localhost:\d+$/)
      assert.equal(await answerTo(moved?.url ?? ''), 'FUNCTION_NOT_FOUND')
    }, 20_000)

    await api.call('deleteGateway', { params: { gatewayId: 'tax' } })
    await eventually(async () => assert.equal((await api.refusal('getGateway', { params: { gatewayId: 'tax' } })).code, 'GATEWAY_NOT_FOUND'))
    await api.call('deleteRegion', { params: { regionId: 'seoul' } })
    await eventually(async () => assert.equal(await stateOf(backend, 'seoul'), undefined))
    assert.equal((await api.refusal('deleteRegion', { params: { regionId: 'local' } })).code, 'REGION_IN_USE')
  })

  it('refuse what cannot be there, with every reason at once', async () => {
    const port = await findFreePort()
    const stranger = createServer().listen(port, '127.0.0.1')
    try {
      await using backend = await givenBackend({ env: { IMPRUN_RUNTIME_SPARES: '0' } })
      const { api } = backend
      const person = await givenPerson(backend)
      const settings = { portsFirst: port, portsCount: 1 }
      assert.equal((await person.refusal('createRegion', { body: { ...region, settings } })).code, 'FORBIDDEN')
      await api.call('createRegion', { body: { ...region, settings, isProtected: true } })
      const body = { name: 'tax', gatewayId: 'tax', regionId: 'seoul' }
      const isFull = () =>
        eventually(async () => {
          const { code, facts } = await person.refusal('createGateway', { body })
          assert.equal(code, 'REGION_PROTECTED')
          assert.deepEqual(
            ((facts?.refusals ?? []) as { code: string }[]).map((refusal) => refusal.code),
            ['REGION_PROTECTED', 'PORTS_EXHAUSTED'],
          )
        }, 20_000)
      await isFull()
      await api.call('patchRegion', { params: { regionId: 'seoul' }, body: { settings: { runtimes: 0 } } })
      await eventually(async () => assert.equal((await api.refusal('createGateway', { body })).code, 'REGION_UNREACHABLE'))
      const unknown = await api.refusal('createGateway', { body: { ...body, regionId: 'nowhere' } })
      assert.deepEqual([unknown.code, unknown.errors?.[0]?.field], ['INPUT_INVALID', 'regionId'])
      const old = await api.refusal('createGateway', { body: { ...body, bundle: { runtime: 'nodejs18' as never } } })
      assert.deepEqual(
        old.errors?.map(({ field, message }) => ({ field, message })),
        [{ field: 'bundle.runtime', message: 'Use one of nodejs20, nodejs22, nodejs24.' }],
      )

      // With a runtime again, a larger range, and asked for by an administrator.
      await api.call('patchRegion', { params: { regionId: 'seoul' }, body: { settings: { ...settings, runtimes: 1 } } })
      await isFull()
      await api.call('patchRegion', { params: { regionId: 'seoul' }, body: { settings: { ...settings, portsCount: 50, runtimes: 1 } } })
      await eventually(() => api.call('createGateway', { body }))
      assert.equal((await person.refusal('createGateway', { body: { ...body, gatewayId: 'toll' } })).code, 'REGION_PROTECTED')
      await api.call('patchRegion', { params: { regionId: 'seoul' }, body: { isProtected: false } })
      await eventually(() => person.call('createGateway', { body: { ...body, gatewayId: 'toll' } }))
    } finally {
      stranger.close()
    }
  })
})
