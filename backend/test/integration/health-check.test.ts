import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { answering, bodyOf, failing, type GivenCanary, givenCanary } from '../support/given-canary.ts'
import { givenGateway } from '../support/given-gateway.ts'
import { createMovingClock } from '../support/moving-clock.ts'

const gatewayId = 'health-checks'
const healthCheck = { healthCheck: { seconds: 60 } }

describe('a health check after a deployment', function () {
  this.timeout(60_000)
  let backend: GivenBackend
  const clock = createMovingClock()
  before(async () => {
    backend = await givenBackend({ clock })
    await givenGateway(backend, gatewayId)
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const servedVersion = async (functionId: string) => (await backend.api.call('getFunction', { params: { gatewayId, functionId } })).served[0]?.version
  const counted = (given: GivenCanary, deploymentId: string, calls: number) =>
    given.until(deploymentId, ({ canary }) => assert.ok((canary?.window.candidate.calls ?? 0) >= calls))

  it('never stops a fix of what failed before', async () => {
    const given = await givenCanary(backend, gatewayId, 'mended', failing(1))
    const before = given.callers({ count: 40, rounds: 2 })
    await before.stop()
    // What the release before came to is written every five seconds.
    await eventually(async () => {
      const { items } = await backend.api.call('listFunctions', { params: { gatewayId } })
      assert.ok((items.find(({ name }) => name === 'mended')?.served[0]?.health?.calls ?? 0) >= 40)
    }, 15_000)
    const { body } = await given.publish('let count = 0\nexport default (req, res) => res.status(count++ % 2 ? 200 : 500).json({ value: 2 })', healthCheck)
    const callers = given.callers()
    await counted(given, body.deploymentId, 100)
    await callers.stop()
    clock.advanceMs(60_000)
    assert.equal((await given.ended(body.deploymentId)).status, 'SUCCESS')
  })

  it('gives the release to all at once, and leaves it there when it does well', async () => {
    const given = await givenCanary(backend, gatewayId, 'well')
    const callers = given.callers()
    const { status, body } = await given.publish(answering(2), healthCheck)
    const begunAt = callers.answers.length
    await counted(given, body.deploymentId, 100)
    clock.advanceMs(60_000)
    const ended = await given.ended(body.deploymentId)
    await callers.stop()

    assert.deepEqual([status, body.status, body.canary?.percent, body.canary?.isHealthCheck], [202, 'IN_PROGRESS', 100, true])
    assert.equal(ended.status, 'SUCCESS')
    assert.deepEqual(new Set(callers.answers.slice(begunAt + 40).map((answer) => answer.body)), new Set([bodyOf(2)]))
    assert.deepEqual(new Set(callers.answers.map((answer) => answer.status)), new Set([200]))
  })

  it('goes back once, and by itself, when the release fails more than the one before', async () => {
    const given = await givenCanary(backend, gatewayId, 'breaks')
    const callers = given.callers()
    const { body } = await given.publish(failing(2), healthCheck)
    const ended = await given.ended(body.deploymentId)
    await eventually(() => assert.equal(callers.answers.at(-1)?.body, bodyOf(1)))
    await callers.stop()

    assert.deepEqual([ended.status, ended.error?.code], ['ROLLED_BACK', 'CANARY_FAILED'])
    assert.deepEqual(await given.auditedReturns(body.deploymentId), [['imprun', '1.0.1', '1.0.0', 'CANARY_FAILED']])
    assert.match(ended.error?.detail ?? '', /^After it was served to all, /)
    assert.equal(await servedVersion('breaks'), '1.0.0')
    assert.equal((await backend.api.call('getEnvironment', { params: { gatewayId, environment: 'dev' } })).held, undefined, 'the system holds nothing')
  })

  it('does nothing with too few requests', async () => {
    const given = await givenCanary(backend, gatewayId, 'quiet')
    const { body } = await given.publish(failing(2), healthCheck)
    const callers = given.callers({ count: 5, rounds: 1 })
    await counted(given, body.deploymentId, 5)
    await callers.stop()
    clock.advanceMs(60_000)
    assert.equal((await given.ended(body.deploymentId)).status, 'SUCCESS')
    assert.equal(await servedVersion('quiet'), '1.0.1')
  })

  it('ends when somebody deploys after it, and leaves that alone', async () => {
    const given = await givenCanary(backend, gatewayId, 'overtaken')
    const { body } = await given.publish(failing(2), healthCheck)
    const { body: newer } = await given.publish(answering(3))
    assert.deepEqual([newer.status, (await given.ended(body.deploymentId)).supersededBy], ['SUCCESS', newer.deploymentId])
    assert.equal(await servedVersion('overtaken'), newer.version)
  })
})
