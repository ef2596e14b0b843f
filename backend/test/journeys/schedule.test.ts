import { strict as assert } from 'node:assert'
import { gatewayCollections, type Schedule, type StoredSchedule } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenGateway, givenPublished } from '../support/given-gateway.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { type GivenSecondRuntime, givenSecondRuntime } from '../support/given-second-runtime.ts'

const gatewayId = 'scheduling'
const params = { gatewayId, functionId: 'report' }
const code = (schedule: string) => `export const schedule = '${schedule}'
export const timeZone = 'Asia/Seoul'
export default async function report(req, res) {
  await imp.db().collection('reports').insertOne({ scheduledAt: req.body.scheduledAt })
  return res.json({ ok: true })
}
`

describe('a function with a schedule', function () {
  this.timeout(60_000)
  let backend: GivenBackend
  let mongo: GivenMongo
  before(async () => {
    mongo = await givenMongo()
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, 'report', code('0 9 * * *'))
  })
  after(async () => {
    await backend?.[Symbol.asyncDispose]()
    await mongo?.[Symbol.asyncDispose]()
  })
  const schedules = () => mongo.database.gateway(gatewayId).collection<StoredSchedule>(gatewayCollections.schedules)
  const reports = () => mongo.database.named(`gatewayid_${gatewayId}_dev`).collection('reports')
  const shown = async (environment = 'dev'): Promise<Schedule | undefined> =>
    (await backend.api.call('getFunction', { params })).served.find((served) => served.environment === environment)?.schedule

  it('shows when it runs next, and carries its schedule with a promotion', async () => {
    await eventually(async () => {
      const schedule = await shown()
      assert.deepEqual([schedule?.cron, schedule?.timeZone, schedule?.nextAt.slice(10)], ['0 9 * * *', 'Asia/Seoul', 'T00:00:00.000Z'])
    })
    await backend.api.call('promoteFunction', { params, body: { from: 'dev', to: 'staging' } })
    await eventually(async () => assert.equal((await shown('staging'))?.cron, '0 9 * * *'))
  })

  it('runs once for each due time when two runtimes serve it', async () => {
    await using second: GivenSecondRuntime = await givenSecondRuntime(mongo, gatewayId, 'dev')
    assert.notEqual(second.pid, process.pid)
    for (let round = 1; round <= 3; round++) {
      const nextAt = new Date(Date.now() + 500)
      await schedules().updateOne({ _id: 'dev/report' }, { $set: { nextAt } })
      await eventually(async () => assert.ok(await reports().findOne({ scheduledAt: nextAt.toISOString() })))
      await eventually(async () => assert.equal((await shown())?.lastFiredAt, nextAt.toISOString()))
    }
    assert.equal(await reports().countDocuments(), 3)
  })

  it('is refused at its line when it can not be read, and the old one stays', async () => {
    const { revision } = await backend.api.call('getFunction', { params })
    const saved = await backend.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: code('61 9 * * *'), baseRevision: revision } })
    assert.equal(saved.refusal?.code, 'SCHEDULE_INVALID')
    assert.deepEqual([saved.refusal.errors[0]?.line, saved.refusal.errors[0]?.column], [1, 25])
    assert.equal((await shown())?.cron, '0 9 * * *')
  })

  it('runs no more when it is removed', async () => {
    await backend.api.call('deleteFunction', { params })
    await eventually(async () => assert.equal(await schedules().countDocuments(), 0))
  })
})
