import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { createFakeDriver } from '../support/fake-driver.ts'
import { givenBackend } from '../support/given-backend.ts'
import { givenGateway, givenPublished } from '../support/given-gateway.ts'
import { givenMongo } from '../support/given-mongo.ts'

/** Samples by name and labels, as Prometheus reads them. */
function parse(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

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
    const read = async () => parse(await (await fetch(`${backend.connection.apiUrl}/metrics`)).text())

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
})
