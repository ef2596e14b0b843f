import { strict as assert } from 'node:assert'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenGateway } from '../support/given-gateway.ts'
import { createMovingClock } from '../support/moving-clock.ts'

const hourMs = 3600_000
/** More than the tests themselves take. */
const marginMs = 600_000
const answering = (value: number): string => `export default () => ({ value: ${value} })`

describe('a deployment with an Idempotency-Key', function () {
  this.timeout(60_000)
  const gatewayId = 'deploy-once'
  const params = { gatewayId, functionId: 'answer' }
  const clock = createMovingClock()
  let backend: GivenBackend
  before(async () => {
    backend = await givenBackend({ clock })
    await givenGateway(backend, gatewayId)
    await backend.api.call('createFunction', { params: { gatewayId }, body: { name: 'answer', code: answering(1) } })
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const publish = (key: string) => ({ params, body: { environment: 'dev' as const }, headers: { 'idempotency-key': key } })
  const count = async () => (await backend.api.call('listDeployments', { params })).items.length

  it('is made once by a hundred calls at the same moment, who all have its answer', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => backend.api.call('publishFunction', publish('once'))))

    assert.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1)
    assert.equal(answers[0]?.status, 'SUCCESS')
    assert.equal(await count(), 1)
  })

  it('is answered as it was for a day, whatever has been deployed since', async () => {
    const first = await backend.api.call('publishFunction', publish('once'))
    await backend.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: answering(2) } })
    clock.advanceMs(23 * hourMs)

    assert.deepEqual(await backend.api.call('publishFunction', publish('once')), first)
    assert.equal(await count(), 2)
  })

  it('is refused for another call with its key', async () => {
    const problem = await backend.api.refusal('publishFunction', { ...publish('once'), body: { environment: 'staging' } })
    assert.deepEqual([problem.status, problem.code], [422, 'IDEMPOTENCY_KEY_REUSED'])
  })

  it('does not use its key up when a gate refuses it', async () => {
    await backend.api.call('saveFunction', { params, body: { code: 'export default (' } })
    assert.equal((await backend.api.refusal('publishFunction', publish('mended'))).code, 'CODE_NOT_COMPILING')
    await backend.api.call('saveFunction', { params, body: { code: answering(3) } })

    assert.equal((await backend.api.call('publishFunction', publish('mended'))).status, 'SUCCESS')
  })

  it('is made anew when its day is over, and not before', async () => {
    const before = await count()
    clock.advanceMs(hourMs - marginMs)
    await backend.api.call('publishFunction', publish('once'))
    assert.equal(await count(), before)
    clock.advanceMs(marginMs)
    assert.equal((await backend.api.call('publishFunction', publish('once'))).status, 'SUCCESS')
    assert.equal(await count(), before + 1)
  })
})
