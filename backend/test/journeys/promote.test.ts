import { strict as assert } from 'node:assert'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished, taxAtRate22, taxCode } from '../support/given-gateway.ts'

describe('promoting a function', () => {
  let backend: GivenBackend
  const gatewayId = 'promoting'
  const params = { gatewayId, functionId: 'calculateTax' }
  before(async () => {
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, 'calculateTax', taxCode(0.22))
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const answerIn = (environment: 'dev' | 'staging' | 'prod') => callFunction(backend, { gatewayId, environment, name: 'calculateTax' })

  it('into prod before staging is refused and says why', async () => {
    const problem = await backend.api.refusal('promoteFunction', { params, body: { from: 'dev', to: 'prod' } })

    assert.equal(problem.code, 'STAGE_ORDER_VIOLATED')
    assert.match(problem.detail, /staging/)
    assert.equal((await answerIn('prod')).status, 404)
  })

  it('from an environment that serves no release is refused', async () => {
    const problem = await backend.api.refusal('promoteFunction', { params, body: { from: 'staging', to: 'prod' } })

    assert.equal(problem.code, 'NO_RELEASE_IN_ENVIRONMENT')
  })

  it('goes through staging to prod with the same release and version, and history tells it', async () => {
    const toStaging = await backend.api.call('promoteFunction', { params, body: { from: 'dev', to: 'staging' } })
    const toProd = await backend.api.call('promoteFunction', { params, body: { from: 'staging', to: 'prod' } })

    assert.equal(toStaging.message, 'Deployed from dev to staging (version: 1.0.0)')
    assert.equal(toProd.message, 'Deployed from staging to prod (version: 1.0.0)')
    assert.equal(toProd.releaseId, toStaging.releaseId)
    assert.equal(toProd.version, '1.0.0')
    assert.deepEqual(await answerIn('prod'), { status: 200, body: { tax: taxAtRate22 } })
    const { items } = await backend.api.call('listDeployments', { params })
    assert.deepEqual(
      items.map(({ message }) => message),
      [toProd.message, toStaging.message, items[2]?.message],
    )
  })

  it('leaves staging and prod on their release when dev moves on', async () => {
    await backend.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: taxCode(0.5) } })

    assert.deepEqual((await answerIn('dev')).body, { tax: 20_000_000 })
    assert.deepEqual((await answerIn('staging')).body, { tax: taxAtRate22 })
    const { served } = await backend.api.call('getFunction', { params })
    assert.deepEqual(Object.fromEntries(served.map(({ environment, version }) => [environment, version])), { dev: '1.0.1', staging: '1.0.0', prod: '1.0.0' })
  })

  it('keeps the data of the environments apart', async () => {
    const code = `export default async (req, res) => {
  const notes = imp.db().collection('notes')
  if (req.body.text) await notes.insertOne({ text: req.body.text })
  return { count: await notes.countDocuments() }
}`
    await givenPublished(backend, gatewayId, 'notes', code)
    await backend.api.call('promoteFunction', { params: { gatewayId, functionId: 'notes' }, body: { from: 'dev', to: 'staging' } })

    const inDev = await callFunction(backend, { gatewayId, environment: 'dev', name: 'notes', input: { text: 'hello' } })
    const inStaging = await callFunction(backend, { gatewayId, environment: 'staging', name: 'notes', input: {} })

    assert.deepEqual(inDev, { status: 200, body: { count: 1 } })
    assert.deepEqual(inStaging, { status: 200, body: { count: 0 } })
  })
})
