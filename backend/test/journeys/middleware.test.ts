import { strict as assert } from 'node:assert'
import type { EnvironmentName } from '@imprun/contracts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenGateway, givenPublished } from '../support/given-gateway.ts'

const gatewayId = 'guarding'
const guard = (key: string) => `export default (req, res, next) => (req.get('x-key') === '${key}' ? next() : res.status(403).json({ error: 'no' }))`

describe('middleware of a folder', () => {
  let backend: GivenBackend
  before(async () => {
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, 'orders/list', 'export default (req, res) => res.json([])')
  })
  after(() => backend?.[Symbol.asyncDispose]())
  const params = (functionId: string) => ({ gatewayId, functionId })
  const statusOf = async (environment: EnvironmentName, key = ''): Promise<number> =>
    (await fetch(`${backend.connection.edgeUrl}/${gatewayId}/${environment}/orders/list`, { headers: { 'x-key': key } })).status

  it('is published like a function, and in force when that is answered', async () => {
    await givenPublished(backend, gatewayId, 'orders/_middleware', guard('one'))
    assert.deepEqual([await statusOf('dev'), await statusOf('dev', 'one')], [403, 200])
    const { kind, served } = await backend.api.call('getFunction', { params: params('orders/_middleware') })
    assert.deepEqual([kind, served.map(({ environment }) => environment)], ['middleware', ['dev']])
  })

  it('stands only where it was promoted to', async () => {
    await backend.api.call('promoteFunction', { params: params('orders/list'), body: { from: 'dev', to: 'staging' } })
    assert.equal(await statusOf('staging'), 200)
    await backend.api.call('promoteFunction', { params: params('orders/_middleware'), body: { from: 'dev', to: 'staging' } })
    assert.deepEqual([await statusOf('staging'), await statusOf('staging', 'one')], [403, 200])
  })

  it('changes for all functions of its folder when it is saved, without touching them', async () => {
    const before = await backend.api.call('getFunction', { params: params('orders/list') })
    const { revision } = await backend.api.call('getFunction', { params: params('orders/_middleware') })
    const body = { code: guard('two'), baseRevision: revision }
    await backend.api.call('saveFunction', { params: params('orders/_middleware'), query: { publish: 'dev' }, body })
    assert.deepEqual([await statusOf('dev', 'one'), await statusOf('dev', 'two'), await statusOf('staging', 'one')], [403, 200, 200])
    const after = await backend.api.call('getFunction', { params: params('orders/list') })
    assert.deepEqual([after.revision, after.served.map((each) => each.version)], [before.revision, before.served.map((each) => each.version)])
  })

  it('is gone when its removal is answered', async () => {
    await backend.api.call('deleteFunction', { params: params('orders/_middleware') })
    assert.deepEqual([await statusOf('dev'), await statusOf('staging')], [200, 200])
  })
})
