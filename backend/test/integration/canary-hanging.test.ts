import { strict as assert } from 'node:assert'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenCanary, inSteps } from '../support/given-canary.ts'
import { givenGateway } from '../support/given-gateway.ts'

const gatewayId = 'canary-hangs'

describe('a canary whose candidate hangs', function () {
  this.timeout(90_000)
  let backend: GivenBackend
  before(async () => {
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
  })
  after(() => backend?.[Symbol.asyncDispose]())

  for (const [what, how] of [
    ['a canary', inSteps([30, 600])],
    ['a health check', { healthCheck: { seconds: 600 } }],
  ] as const)
    it(`goes back before any of its calls has ended, as ${what}`, async () => {
      const given = await givenCanary(backend, gatewayId, `waits${what.length}`)
      // The version that serves has to be known first.
      await given.callers({ rounds: 1 }).stop()
      // Who gets the candidate is drawn anew in each canary, and nobody who waits asks twice: of 80 callers, 30 % were fewer than a verdict needs in one run of seven.
      const callers = given.callers({ count: 200 })
      const { body } = await given.publish('export default () => new Promise(() => {})', how)
      const ended = await given.ended(body.deploymentId, 25_000)
      const failed = callers.answers.filter(({ status }) => status !== 200)
      await callers.hangUp()

      assert.deepEqual([ended.status, ended.error?.code], ['ROLLED_BACK', 'CANARY_FAILED'])
      assert.deepEqual(failed, [])
    })

  it('goes back when it holds its process up, and costs the other side no request', async () => {
    const given = await givenCanary(backend, gatewayId, 'hangs')
    const callers = given.callers()
    const { body } = await given.publish('export default () => { for (;;) {} }', inSteps([50, 600]))
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
