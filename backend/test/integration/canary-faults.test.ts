import { strict as assert } from 'node:assert'
import { gatewayCollections, type PublishedFunction, type StoredCanaryCounts } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenCallers } from '../support/given-callers.ts'
import { answering, bodyOf, failing, givenCanary, inSteps } from '../support/given-canary.ts'
import { givenGateway } from '../support/given-gateway.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { givenSecondRuntime } from '../support/given-second-runtime.ts'

const gatewayId = 'canary-faults'

describe('a canary that something happens to', function () {
  this.timeout(60_000)
  let backend: GivenBackend
  let mongo: GivenMongo
  before(async () => {
    backend = await givenBackend({ asProcess: true })
    mongo = await givenMongo()
    await givenGateway(backend, gatewayId)
  })
  after(async () => {
    await backend?.[Symbol.asyncDispose]()
    await mongo?.[Symbol.asyncDispose]()
  })
  const publications = () => mongo.database.gateway(gatewayId).collection<PublishedFunction>(gatewayCollections.publishedFunctions)

  it('goes on from its document when the backend is killed, and serves meanwhile', async () => {
    const given = await givenCanary(backend, gatewayId, 'killed')
    const { edgeUrl } = backend.connection
    const callers = givenCallers(() => `${edgeUrl}/${gatewayId}/dev/killed`)
    const { body } = await given.publish(answering(2), inSteps([30, 4], [60, 2]))
    await backend.kill()
    const killedAt = callers.answers.length
    await eventually(() => assert.ok(callers.answers.slice(killedAt).some((answer) => answer.body === bodyOf(2))))
    await backend.start()
    const ended = await given.ended(body.deploymentId, 30_000)
    await callers.stop()

    assert.deepEqual([body.canary?.step, ended.status, ended.canary?.step], [1, 'SUCCESS', 3])
    assert.deepEqual(callers.errors, [])
    assert.deepEqual(new Set(callers.answers.map(({ status }) => status)), new Set([200]))
  })

  it('goes back after the backend was killed, too', async () => {
    const given = await givenCanary(backend, gatewayId, 'killed-failing')
    const { body } = await given.publish(failing(2), inSteps([50, 600]))
    await backend.kill()
    await backend.start()
    const callers = given.callers()
    const ended = await given.ended(body.deploymentId, 30_000)
    await callers.stop()
    assert.deepEqual([ended.status, ended.error?.code], ['ROLLED_BACK', 'CANARY_FAILED'])
  })

  it('is loaded by every runtime before its first caller, and counted in all of them', async () => {
    const given = await givenCanary(backend, gatewayId, 'two')
    await using second = await givenSecondRuntime(mongo, gatewayId, 'dev')
    const { body } = await given.publish(answering(2), inSteps([50, 600]))
    const callers = given.callers({ count: 30, rounds: 2 })
    const others = givenCallers(() => `http://127.0.0.1:${second.port}/${gatewayId}/dev/two`, { count: 30, rounds: 2 })
    await given.until(body.deploymentId, ({ canary }) => {
      const { baseline, candidate } = canary?.window ?? assert.fail('It has no canary.')
      assert.equal(baseline.calls + candidate.calls, 120)
    })
    await callers.stop()
    await others.stop()

    const sideOf = ({ answers }: typeof callers) => new Map(answers.map(({ caller, body: text }) => [caller, text]))
    assert.deepEqual(sideOf(others), sideOf(callers), 'a caller gets the same side, whichever runtime it meets')
    const counts = await mongo.database
      .gateway(gatewayId)
      .collection<StoredCanaryCounts>(gatewayCollections.canaryCounts)
      .find({ functionName: 'two' })
      .toArray()
    assert.equal(counts.length, 2)
    const params = { gatewayId, deploymentId: body.deploymentId }
    assert.equal((await backend.api.call('promoteCanary', { params })).status, 'SUCCESS')
    const answer = await fetch(`http://127.0.0.1:${second.port}/${gatewayId}/dev/two`)
    assert.equal(await answer.text(), bodyOf(2))
  })

  it('is put back when somebody changes it by hand, and so is what is served beside it', async () => {
    const given = await givenCanary(backend, gatewayId, 'by-hand')
    const { body } = await given.publish(answering(2), inSteps([100, 600]))
    const other = await publications().findOne({ name: 'two' })
    await publications().updateOne({ name: 'by-hand' }, { $set: { code: other?.code ?? '' }, $unset: { candidate: '' } })

    const mended = await eventually(async () => {
      const found = await publications().findOne({ name: 'by-hand' })
      assert.equal(found?.candidate?.deploymentId, body.deploymentId)
      return found
    }, 15_000)
    assert.equal(mended.candidate?.percent, 100)
    assert.notEqual(mended.code, other?.code)
    assert.equal(
      (await backend.api.call('abortCanary', { params: { gatewayId, deploymentId: body.deploymentId }, body: { reason: 'done' } })).status,
      'ROLLED_BACK',
    )
    assert.equal((await publications().findOne({ name: 'by-hand' }))?.candidate, undefined)
  })
})
