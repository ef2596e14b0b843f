import { strict as assert } from 'node:assert'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'

const answering = (value: number): string => `export default () => ({ value: ${value} })`

describe('a rollback', function () {
  this.timeout(60_000)
  let backend: GivenBackend
  const gatewayId = 'rolling-back'
  const params = { gatewayId, functionId: 'answer' }
  const staging = { gatewayId, environment: 'staging' as const }
  before(async () => {
    backend = await givenBackend({ asProcess: true })
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, 'answer', answering(1))
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const save = (value: number) => backend.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: answering(value) } })
  const promote = (api = backend.api) => api.call('promoteFunction', { params, body: { from: 'dev', to: 'staging' } })
  const rollback = (more: { releaseId?: string } = {}) =>
    backend.api.call('rollbackFunction', { params, body: { environment: 'staging', reason: 'Totals are wrong', ...more } })
  const answerInStaging = async () => (await callFunction(backend, { gatewayId, environment: 'staging', name: 'answer', input: {} })).body
  const heldBy = async () => (await backend.api.call('getEnvironment', { params: staging })).held
  const givenService = async () => {
    const { token, tokenId } = await backend.api.call('createAccessToken', { body: { name: 'pipeline', kind: 'service' } })
    return { token, api: backend.api.withToken(token), tokenId }
  }

  it('has nowhere to go where only one release has been', async () => {
    await promote()
    const problem = await backend.api.refusal('rollbackFunction', { params, body: { environment: 'staging', reason: 'try' } })
    assert.equal(problem.code, 'NOTHING_TO_ROLL_BACK_TO')
  })

  it('serves the release before, says why, and compiles nothing', async () => {
    await save(2)
    const second = await promote()
    const back = await rollback()

    assert.deepEqual([back.kind, back.status, back.version, back.reason], ['rollback', 'SUCCESS', '1.0.0', 'Totals are wrong'])
    assert.equal(back.message, 'Rolled back to 1.0.0 in staging: Totals are wrong')
    assert.notEqual(back.releaseId, second.releaseId)
    assert.deepEqual(await answerInStaging(), { value: 1 })
  })

  it('holds the environment against a service token, and survives a restart of the backend', async () => {
    const { token } = await givenService()
    const before = await backend.api.withToken(token).refusal('promoteFunction', { params, body: { from: 'dev', to: 'staging' } })
    await backend.kill()
    await backend.start()

    assert.equal(before.code, 'ENVIRONMENT_HELD')
    const api = backend.api.withToken(token)
    const problem = await api.refusal('promoteFunction', { params, body: { from: 'dev', to: 'staging' } })
    assert.equal(problem.code, 'ENVIRONMENT_HELD')
    assert.match(problem.detail, /Totals are wrong/)
    assert.equal((await heldBy())?.reason, 'Totals are wrong')
    assert.equal((await api.refusal('releaseHold', { params: staging, body: { reason: 'because' } })).code, 'FORBIDDEN')
    assert.deepEqual(await answerInStaging(), { value: 1 })
  })

  it('is over for automation when a person lifts the hold', async () => {
    const { api } = await givenService()
    await backend.api.call('releaseHold', { params: staging, body: { reason: 'Fixed in 1.0.1' } })

    assert.equal((await promote(api)).version, '1.0.1')
    assert.deepEqual(await answerInStaging(), { value: 2 })
    assert.equal(await heldBy(), undefined)
  })

  it('is over when a person deploys', async () => {
    await rollback()
    await save(3)
    await promote()

    assert.equal(await heldBy(), undefined)
    assert.deepEqual(await answerInStaging(), { value: 3 })
  })

  it('goes to what was served before, not to what a rollback had taken away', async () => {
    assert.equal((await rollback()).version, '1.0.0')
    const { items } = await backend.api.call('listDeployments', { params, query: { environment: 'staging', status: 'SUCCESS' } })
    const releaseId = items.find((item) => item.version === '1.0.2')?.releaseId ?? ''
    assert.equal((await rollback({ releaseId })).version, '1.0.2')
    assert.deepEqual(await answerInStaging(), { value: 3 })
  })

  it('done twice goes two releases back', async () => {
    const again = { gatewayId, functionId: 'again' }
    await givenPublished(backend, gatewayId, 'again', answering(1))
    for (const value of [2, 3]) await backend.api.call('saveFunction', { params: again, query: { publish: 'dev' }, body: { code: answering(value) } })
    const back = () => backend.api.call('rollbackFunction', { params: again, body: { environment: 'dev', reason: 'try' } })

    assert.equal((await back()).version, '1.0.1')
    assert.equal((await back()).version, '1.0.0')
    assert.equal(
      (await backend.api.refusal('rollbackFunction', { params: again, body: { environment: 'dev', reason: 'try' } })).code,
      'NOTHING_TO_ROLL_BACK_TO',
    )
  })

  it('goes to no release that the environment never had', async () => {
    await save(4)
    const { items } = await backend.api.call('listReleases', { params })
    const releaseId = items[0]?.releaseId ?? ''
    const problem = await backend.api.refusal('rollbackFunction', { params, body: { environment: 'staging', reason: 'try', releaseId } })
    assert.equal(problem.code, 'RELEASE_NEVER_SERVED')
  })

  it('wants a reason', async () => {
    const problem = await backend.api.refusal('rollbackFunction', { params, body: { environment: 'staging', reason: ' ' } })
    assert.deepEqual([problem.code, problem.errors?.[0]?.field], ['INPUT_INVALID', 'reason'])
  })

  it('is stopped for a token that was revoked', async () => {
    const { api, tokenId } = await givenService()
    assert.ok((await api.call('listAccessTokens')).items.some((item) => item.tokenId === tokenId && item.kind === 'service'))
    await backend.api.call('revokeAccessToken', { params: { tokenId } })
    assert.equal((await api.refusal('getAccount')).code, 'SIGN_IN_REQUIRED')
  })
})
