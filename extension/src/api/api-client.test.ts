import { strict as assert } from 'node:assert'
import { isImprunError } from '@imprun/contracts'
import { givenHttpBackend } from '../../test/support/given-http-backend.ts'
import { sampleFunction } from '../../test/support/samples.ts'
import { createApiClient } from './api-client.ts'

const failure = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(isImprunError(error), `An ImprunError was expected, not ${String(error)}`)
  return error
}

describe('the API client', () => {
  it('fills path, query and body from the route, and carries the token', async () => {
    await using backend = await givenHttpBackend()
    const api = createApiClient(() => ({ apiUrl: backend.apiUrl, token: 'secret' }))
    backend.on('PUT /api-gateways/hometax/functions/orders%2Flist', () => ({ json: { function: sampleFunction('orders/list') } }))
    const saved = await api.call('saveFunction', {
      params: { gatewayId: 'hometax', functionId: 'orders/list' },
      query: { publish: 'dev' },
      body: { code: 'export default () => 1', baseRevision: 3 },
      idempotencyKey: 'once',
    })
    assert.equal(saved.function.name, 'orders/list')
    const [call] = backend.calls
    assert.equal(call?.query.get('publish'), 'dev')
    assert.deepEqual(call?.body, { code: 'export default () => 1', baseRevision: 3 })
    assert.equal(call?.headers.authorization, 'Bearer secret')
    assert.equal(call?.headers['idempotency-key'], 'once')
  })

  it("makes the backend's error again, by code, with its facts and request id", async () => {
    await using backend = await givenHttpBackend()
    const api = createApiClient(() => ({ apiUrl: backend.apiUrl, token: 'secret' }))
    backend.on('GET /account', () => ({ problem: 'REVISION_STALE', detail: 'kim saved it first', facts: { revision: 4 } }))
    const error = await failure(api.call('getAccount', {}))
    assert.equal(error.code, 'REVISION_STALE')
    assert.equal(error.message, 'kim saved it first')
    assert.deepEqual(error.facts, { revision: 4, requestId: 'request-1' })
  })

  it('tells a backend that is not there, and one that hangs up, from one that refuses', async () => {
    const gone = createApiClient(() => ({ apiUrl: 'http://127.0.0.1:1', token: 'secret' }))
    assert.equal((await failure(gone.call('getAccount', {}))).code, 'BACKEND_UNREACHABLE')
    await using backend = await givenHttpBackend()
    backend.on('GET /account', () => 'hang up')
    const api = createApiClient(() => ({ apiUrl: backend.apiUrl, token: 'secret' }))
    assert.equal((await failure(api.call('getAccount', {}))).code, 'BACKEND_UNREACHABLE')
  })

  it('takes an answer of an unknown form for a failure', async () => {
    await using backend = await givenHttpBackend()
    backend.on('GET /account', () => ({ json: { user: 1 } }))
    const api = createApiClient(() => ({ apiUrl: backend.apiUrl, token: 'secret' }))
    assert.equal((await failure(api.call('getAccount', {}))).code, 'INTERNAL')
  })

  it('lets its caller give up', async () => {
    await using backend = await givenHttpBackend()
    const asked = Promise.withResolvers<void>()
    backend.on('GET /account', () => {
      asked.resolve()
      return new Promise(() => {})
    })
    const abort = new AbortController()
    const call = createApiClient(() => ({ apiUrl: backend.apiUrl, token: 'secret' })).call('getAccount', { signal: abort.signal })
    await asked.promise
    abort.abort()
    await assert.rejects(call, { name: 'AbortError' })
  })
})
