import { strict as assert } from 'node:assert'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished, taxAtRate22, taxCode } from '../support/given-gateway.ts'

describe('handing out a key', () => {
  let backend: GivenBackend
  const gatewayId = 'guarded'
  before(async () => {
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, 'calculateTax', taxCode(0.22))
    await backend.api.call('patchEnvironment', { params: { gatewayId, environment: 'dev' }, body: { authType: 'key-auth' } })
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const callWith = (apiKey?: string) => callFunction(backend, { gatewayId, environment: 'dev', name: 'calculateTax', apiKey })
  let applicationCount = 0
  const givenKey = async () => {
    const { applicationId } = await backend.api.call('createApplication', { body: { name: `모바일 앱 ${++applicationCount}`, organization: '국세청' } })
    return backend.api.call('createGrant', { body: { applicationId, gatewayId, environment: 'dev' } })
  }

  it('lets calls with it pass from the moment it is answered, and no others', async () => {
    const { apiKey } = await givenKey()

    assert.deepEqual(await callWith(apiKey), { status: 200, body: { tax: taxAtRate22 } })
    const swapped = apiKey.endsWith('0') ? '1' : '0'
    for (const wrong of [undefined, 'nonsense', `${apiKey.slice(0, -1)}${swapped}`]) assert.equal((await callWith(wrong)).status, 401)
  })

  it('answers missing, malformed and unknown keys alike', async () => {
    const [missing, malformed] = await Promise.all([callWith(), callWith('nonsense')])
    const comparable = ({ body }: { body: unknown }) => ({ ...(body as object), requestId: '' })

    assert.deepEqual(comparable(missing), comparable(malformed))
  })

  it('refuses the key from the moment the revoke is answered', async () => {
    const { apiKey, grantId } = await givenKey()
    assert.equal((await callWith(apiKey)).status, 200)

    const revoked = await backend.api.call('revokeGrant', { params: { grantId } })

    assert.equal(revoked.state, 'revoked')
    assert.equal((await callWith(apiKey)).status, 401)
  })

  it('gives each environment keys of its own', async () => {
    await backend.api.call('promoteFunction', { params: { gatewayId, functionId: 'calculateTax' }, body: { from: 'dev', to: 'staging' } })
    await backend.api.call('patchEnvironment', { params: { gatewayId, environment: 'staging' }, body: { authType: 'key-auth' } })
    const { apiKey } = await givenKey()

    const answer = await callFunction(backend, { gatewayId, environment: 'staging', name: 'calculateTax', apiKey })

    assert.equal(answer.status, 401)
  })

  it('never shows the key again, nor to the function', async () => {
    const { apiKey } = await givenKey()
    const echo = 'export default (req, res) => res.json({ headers: req.headers, credential: req.credential })'
    await givenPublished(backend, gatewayId, 'echo', echo)

    const seen = JSON.stringify(await callFunction(backend, { gatewayId, environment: 'dev', name: 'echo', apiKey }))
    const listed = JSON.stringify(await backend.api.call('listApplications'))

    assert.match(seen, /모바일 앱/)
    assert.ok(!seen.includes(apiKey) && !listed.includes(apiKey))
  })
})
