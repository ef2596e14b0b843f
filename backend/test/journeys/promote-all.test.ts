import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'

const answering = (value: number): string => `export default () => ({ value: ${value} })`

describe('promoting a whole environment', function () {
  this.timeout(60_000)
  let backend: GivenBackend
  const gatewayId = 'promoting-all'
  const staging = { gatewayId, environment: 'staging' as const }
  const names = ['one', 'two', 'orders/three']
  before(async () => {
    backend = await givenBackend({ asProcess: true })
    await givenGateway(backend, gatewayId)
    for (const name of names) await givenPublished(backend, gatewayId, name, answering(1))
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const save = (functionId: string, code: string) =>
    backend.api.call('saveFunction', { params: { gatewayId, functionId }, query: { publish: 'dev' }, body: { code } })
  const promoteAll = (headers: Record<string, string> = {}) => backend.api.call('promoteEnvironment', { params: staging, body: { from: 'dev' }, headers })
  const inStaging = () =>
    Promise.all(names.map(async (name) => (await callFunction(backend, { ...staging, name, input: {} })).body as { value?: number })).then((bodies) =>
      bodies.map(({ value }) => value),
    )

  it('has all of it served when it is answered', async () => {
    const { functions } = await backend.api.call('planPromotion', { params: staging, query: { from: 'dev' } })
    assert.deepEqual(
      functions.map(({ name, change }) => `${name} ${change}`),
      ['one added', 'orders/three added', 'two added'],
    )
    assert.equal((await promoteAll()).status, 'SUCCESS')
    assert.deepEqual(await inStaging(), [1, 1, 1])
  })

  it('leaves everything as it was when one function fails to load there', async () => {
    await save('one', answering(2))
    await save('two', `if (imp.environment === 'staging') throw new Error('not here')\n${answering(2)}`)

    const problem = await backend.api.refusal('promoteEnvironment', { params: staging, body: { from: 'dev' } })

    assert.match(problem.detail, /^"two": .*Nothing of the set is served/)
    assert.deepEqual(await inStaging(), [1, 1, 1])
  })

  it('ends as a whole although the backend is killed in the middle, and a caller who asks again is told of it', async () => {
    for (const name of names) await save(name, answering(3))
    const sameCall = { 'idempotency-key': 'everything-once' }
    const asked = promoteAll(sameCall).catch(() => undefined)
    await eventually(async () => {
      const { items } = await backend.api.call('listGatewayDeployments', { params: { gatewayId }, query: { environment: 'staging' } })
      assert.ok(items.some(({ version, status }) => version === '1.0.2' && status !== 'SUPERSEDED'))
    })
    await backend.kill()
    await asked
    await backend.start()

    const { setId } = await promoteAll(sameCall)
    await eventually(async () => assert.deepEqual(await inStaging(), [3, 3, 3]))
    const { items } = await backend.api.call('listGatewayDeployments', { params: { gatewayId }, query: { environment: 'staging', limit: 3 } })
    assert.deepEqual([...new Set(items.map((each) => each.setId))], [setId])
    await eventually(async () => assert.equal((await backend.api.call('getDeploymentSet', { params: { gatewayId, setId } })).status, 'SUCCESS'))
  })
})
