import { strict as assert } from 'node:assert'
import { gatewayCollections, type PublishedFunction, revisionCounterId } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'

const answering = (value: number): string => `export default () => ({ value: ${value} })`

describe('published functions that somebody changes by hand', function () {
  this.timeout(60_000)
  let mongo: GivenMongo
  let backend: GivenBackend
  const gatewayId = 'drifting'
  before(async () => {
    mongo = await givenMongo()
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, 'answer', answering(1))
  })
  after(async () => {
    await backend?.[Symbol.asyncDispose]()
    await mongo?.[Symbol.asyncDispose]()
  })

  const publications = () => mongo.database.gateway(gatewayId).collection<PublishedFunction>(gatewayCollections.publishedFunctions)
  /** As an administrator might: the counter too, so that runtimes take it. */
  const nextRevision = async () => {
    const counters = mongo.database.gateway(gatewayId).collection<{ _id: string; value: number }>(gatewayCollections.counters)
    return (await counters.findOneAndUpdate({ _id: revisionCounterId }, { $inc: { value: 1 } }, { returnDocument: 'after' }))?.value ?? 0
  }
  const answer = (name = 'answer') => callFunction(backend, { gatewayId, environment: 'dev', name, input: {} })
  const repairs = () => mongo.database.sys.collection('auditLog').find({ route: 'repairDrift' }).sort({ at: 1 }).toArray()

  it('are served as they were deployed again, and the audit log tells', async () => {
    const revision = await nextRevision()
    const { code } = (await publications().findOne({ name: 'answer' })) ?? { code: '' }
    await publications().updateOne({ name: 'answer' }, { $set: { code: code.replace('value: 1', 'value: 666'), revision } })
    await eventually(async () => assert.deepEqual((await answer()).body, { value: 666 }))

    await eventually(async () => assert.deepEqual((await answer()).body, { value: 1 }))
    await eventually(async () => {
      const [record] = await repairs()
      assert.deepEqual([record?.facts.function, record?.facts.environment, record?.actor], ['answer', 'dev', 'imprun'])
    })
  })

  it('are told on the environment until somebody has seen it', async () => {
    const environment = { gatewayId, environment: 'dev' }
    const { drifted } = await backend.api.call('getEnvironment', { params: environment })
    assert.deepEqual(drifted?.functions, ['answer'])
    assert.equal(drifted?.repairedAt, drifted?.at)
    const { environments } = await backend.api.call('getGateway', { params: { gatewayId } })
    assert.deepEqual(
      environments.map((each) => each.drifted),
      [drifted, undefined, undefined],
    )
    assert.equal((await backend.api.call('acknowledgeDrift', { params: environment })).drifted, undefined)
  })

  it('come back when they were deleted', async () => {
    await publications().deleteOne({ name: 'answer' })
    await eventually(async () => assert.equal((await publications().findOne({ name: 'answer' }))?.isRemoved, false))
    assert.deepEqual((await answer()).body, { value: 1 })
  })

  it('that nobody deployed are withdrawn', async () => {
    const revision = await nextRevision()
    const { _id, ...copied } = (await publications().findOne({ name: 'answer' })) as PublishedFunction & { _id: unknown }
    await publications().insertOne({ ...copied, _id: 'dev/smuggled', name: 'smuggled', revision } as never)
    await eventually(async () => assert.equal((await answer('smuggled')).status, 200))

    await eventually(async () => assert.equal((await answer('smuggled')).status, 404))
  })

  it('are left alone while deployments change them', async () => {
    const before = (await repairs()).length
    const params = { gatewayId, functionId: 'answer' }
    for (let value = 2; value < 12; value++) await backend.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: answering(value) } })
    // One more change by hand is put back, so the looks at the publishes before it are over by then.
    await publications().deleteOne({ name: 'answer' })
    await eventually(async () => assert.equal((await repairs()).length, before + 1))
    assert.deepEqual((await answer()).body, { value: 11 })
  })
})
