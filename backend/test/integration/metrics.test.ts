import { strict as assert } from 'node:assert'
import { bundleSchema } from '@imprun/contracts'
import type { StoredInstance } from '../../src/instances/instance-store.ts'
import { newPhaseDocument } from '../../src/phases/phase-document.ts'
import { eventually } from '../support/eventually.ts'
import { createFakeDriver } from '../support/fake-driver.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenGateway, givenPublished } from '../support/given-gateway.ts'
import { givenMongo } from '../support/given-mongo.ts'

/** Samples by name and labels, as Prometheus reads them. */
function parse(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

const readMetrics = async ({ connection }: GivenBackend) => parse(await (await fetch(`${connection.apiUrl}/metrics`)).text())

describe('metrics', function () {
  this.timeout(60_000)

  it('count deployments by status and service, and how long they took', async () => {
    await using backend = await givenBackend()
    const params = { gatewayId: 'measured', functionId: 'answer' }
    await givenGateway(backend, 'measured')
    await givenPublished(backend, 'measured', 'answer', 'export default () => 1')
    const broken = { code: 'throw new Error("no")\nexport default () => 1' }
    await backend.api.call('saveFunction', { params, query: { publish: 'dev' }, body: broken })

    const response = await fetch(`${backend.connection.apiUrl}/metrics`)
    const samples = parse(await response.text())

    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    assert.equal(samples.get('deployments_total{status="SUCCESS",service="measured/answer"}'), 1)
    assert.equal(samples.get('deployments_total{status="ROLLED_BACK",service="measured/answer"}'), 1)
    assert.equal(samples.get('deployment_duration_seconds_count'), 2)
    assert.equal(samples.get('imprun_engine_due{kind="gateway"}'), 0)
    assert.ok((samples.get('imprun_engine_steps_total{kind="environment",outcome="written"}') ?? 0) > 0)
    assert.ok((samples.get('imprun_engine_claim_latency_seconds_count{kind="gateway"}') ?? 0) > 0)
  })

  it('tell of documents that are stalled what a query tells', async () => {
    const driver = createFakeDriver()
    driver.failWith(new Error('There is no room.'))
    await using backend = await givenBackend({ createDriver: () => driver })
    await backend.api.call('createGateway', { body: { name: 'stalling', gatewayId: 'stalling' } })
    const read = () => readMetrics(backend)

    await eventually(async () => assert.ok(((await read()).get('imprun_engine_steps_total{kind="environment",outcome="failed"}') ?? 0) > 0))
    await using mongo = await givenMongo()
    const environments = mongo.database.sys.collection('environments')
    // As if it had failed many times before: the next failure leaves it stalled too.
    await environments.updateMany({ gatewayId: 'stalling' }, { $set: { attempts: 30, isStalled: true } })

    await eventually(async () => {
      const stalled = await environments.countDocuments({ isStalled: true })
      assert.equal(stalled, 3)
      assert.equal((await read()).get('imprun_engine_stalled{kind="environment"}'), stalled)
    }, 20_000)
  })

  it('tell how much is due, since when, and how long it waited, as queries tell', async () => {
    await using backend = await givenBackend({ createDriver: createFakeDriver })
    await using mongo = await givenMongo()
    const instances = mongo.database.sys.collection<StoredInstance>('runtimeInstances')
    const read = () => readMetrics(backend)
    const readWaits = async () => {
      const seconds = { $divide: [{ $subtract: ['$$NOW', '$updatedAt'] }, 1_000] }
      return (await instances.aggregate<{ seconds: number }>([{ $project: { seconds } }]).toArray()).map((each) => each.seconds)
    }
    const isBetween = (value: number | undefined, [atLeast = Number.NaN]: number[], [atMost = Number.NaN]: number[]) =>
      assert.ok(value !== undefined && atLeast <= value && value <= atMost, `${value} is not from ${atLeast} to ${atMost}`)

    // No backend has their runtime, so they stay due.
    const common = { gatewayId: 'waiting', database: 'separate' as const, bundle: bundleSchema.parse({}), runtimeId: 'elsewhere' }
    const bookkeeping = { ...newPhaseDocument(new Date(Date.now() - 3_600_000)), phase: 'Starting' as const }
    await instances.insertMany(
      (['dev', 'prod'] as const).map((environment) => ({ _id: environment, environmentId: environment, environment, ...common, ...bookkeeping })),
    )
    const [atLeast, waiting, atMost] = [await readWaits(), await read(), await readWaits()]
    assert.equal(waiting.get('imprun_engine_due{kind="instance"}'), atMost.length)
    isBetween(waiting.get('imprun_engine_oldest_due_seconds{kind="instance"}'), atLeast, atMost)

    const runtime = await mongo.database.sys.collection<{ _id: string }>('runtimes').findOne()
    assert.ok(runtime)
    const before = await readWaits()
    await instances.updateOne({ _id: 'dev' }, { $set: { runtimeId: runtime._id, state: 'deleted', phase: 'Deleting' } })
    await eventually(async () => assert.equal(await instances.countDocuments(), 1))
    const [taken, after] = [await read(), await readWaits()]
    assert.equal(taken.get('imprun_engine_claim_latency_seconds_count{kind="instance"}'), 1)
    isBetween(taken.get('imprun_engine_claim_latency_seconds_sum{kind="instance"}'), before, after)
    assert.equal(taken.get('imprun_engine_due{kind="instance"}'), after.length)
  })
})
