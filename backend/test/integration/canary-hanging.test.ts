import { strict as assert } from 'node:assert'
import { givenBackend } from '../support/given-backend.ts'
import { givenCanary, inSteps } from '../support/given-canary.ts'
import { givenGateway } from '../support/given-gateway.ts'

const gatewayId = 'canary-hangs'

describe('a canary whose candidate holds its process up', function () {
  this.timeout(90_000)
  it('goes back, and costs the other side no request', async () => {
    await using backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    const given = await givenCanary(backend, gatewayId, 'hangs')
    const callers = given.callers()
    const { body } = await given.publish('export default () => { for (;;) {} }', inSteps([30, 600]))
    const ended = await given.ended(body.deploymentId, 60_000)
    await callers.stop()

    assert.deepEqual([ended.status, ended.error?.code], ['ROLLED_BACK', 'CANARY_FAILED'])
    const met = new Set(callers.answers.filter(({ status }) => status !== 200).map(({ caller }) => caller))
    assert.ok(met.size > 0 && met.size < 40)
    const { failed, calls } = ended.canary?.window.baseline ?? assert.fail('It has no canary.')
    assert.ok(calls > 0)
    assert.equal(failed, 0)
  })
})
