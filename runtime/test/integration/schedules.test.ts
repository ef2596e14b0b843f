import { strict as assert } from 'node:assert'
import { gatewayCollections, type StoredSchedule } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { GivenEnvironment, type GivenRuntime, givenEnvironment, givenRuntime } from '../support/given-runtime.ts'

/** Notes each run in the environment's data; `slow` runs hold on for so many milliseconds. */
const noting = `export default async (req, res) => {
  await imp.db().collection('runs').insertOne({ at: new Date(), header: req.get('x-imprun-schedule'), body: req.body, method: req.method, trigger: req.trigger })
  await new Promise((resolve) => setTimeout(resolve, HOLD_MS))
  return res.json({ ok: true })
}`
const holding = (ms: number): string => noting.replace('HOLD_MS', String(ms))
const yearly = { cron: '0 0 1 1 *', timeZone: 'UTC' }

describe('schedules', function () {
  this.timeout(60_000)
  let stack: AsyncDisposableStack
  let mongo: GivenMongo
  let runtime: GivenRuntime
  before(async () => {
    stack = new AsyncDisposableStack()
    mongo = stack.use(await givenMongo())
    runtime = stack.use(await givenRuntime(mongo))
  })
  after(() => stack.disposeAsync())

  const schedules = (given: GivenEnvironment) => given.database.collection<StoredSchedule>(gatewayCollections.schedules)
  const runs = (given: GivenEnvironment) => mongo.client.db(given.assignment.dataDatabase).collection('runs')
  const stored = (given: GivenEnvironment, name = 'nightly'): Promise<StoredSchedule> =>
    eventually(async () => {
      const found = await schedules(given).findOne({ _id: `dev/${name}` })
      assert.ok(found, 'There is no schedule yet.')
      return found
    })
  /** As if its time had come so many milliseconds ago. */
  const makeDue = async (given: GivenEnvironment, agoMs = 0, more: Partial<StoredSchedule> = {}): Promise<Date> => {
    await stored(given)
    const nextAt = new Date(Date.now() - agoMs)
    await set(given, { nextAt, ...more })
    return nextAt
  }
  /** A schedule that changes makes every runtime look at all of them at once. */
  const set = async (given: GivenEnvironment, change: Partial<StoredSchedule>): Promise<void> => {
    await schedules(given).updateOne({ _id: 'dev/nightly' }, { $set: change })
    await given.publish('nudge', 'export default () => "nudged"', { schedule: yearly })
  }
  const settled = (given: GivenEnvironment): Promise<StoredSchedule> =>
    eventually(async () => {
      const found = await stored(given)
      assert.ok(found.nextAt > new Date() && found.runningUntil === undefined, JSON.stringify(found))
      return found
    }, 15_000)

  it('runs a function when it is due, with a POST that says which time it was, and moves on', async () => {
    const given = await givenEnvironment(runtime, mongo)
    await given.publishAndWait('nightly', holding(0), { schedule: yearly })
    const nextAt = await makeDue(given)
    const after = await settled(given)
    const [run, ...others] = await runs(given).find().toArray()
    assert.deepEqual(others, [])
    const scheduledAt = nextAt.toISOString()
    assert.deepEqual(
      { header: run?.header, body: run?.body, method: run?.method, trigger: run?.trigger },
      { header: scheduledAt, body: { scheduledAt, schedule: yearly.cron }, method: 'POST', trigger: 'schedule' },
    )
    assert.deepEqual(after.lastFiredAt, nextAt)
    assert.equal(after.nextAt.toISOString().slice(4), '-01-01T00:00:00.000Z')
  })

  it('reads the expression in its time zone', async () => {
    const given = await givenEnvironment(runtime, mongo)
    await given.publishAndWait('nightly', holding(0), { schedule: { cron: '0 9 * * *', timeZone: 'Asia/Seoul' } })
    assert.equal((await stored(given)).nextAt.toISOString().slice(10), 'T00:00:00.000Z')
  })

  it('binds a worker to an environment that has none', async () => {
    await using quiet = await givenRuntime(mongo)
    const given = new GivenEnvironment(quiet, mongo, mongo.newGatewayId(), 'dev')
    await given.configure()
    await given.publish('nightly', holding(0), { schedule: yearly })
    await quiet.control.ask({ type: 'assign', assignment: given.assignment })
    assert.ok(!quiet.events.some(({ type }) => type === 'worker-bound'))
    await makeDue(given)
    await settled(given)
    assert.equal(await runs(given).countDocuments(), 1)
  })

  it('runs a due time once, however many runtimes serve the environment', async () => {
    const given = await givenEnvironment(runtime, mongo)
    await using second = await givenRuntime(mongo)
    await using third = await givenRuntime(mongo)
    for (const other of [second, third]) await other.control.ask({ type: 'assign', assignment: given.assignment })
    await given.publishAndWait('nightly', holding(0), { schedule: yearly })
    for (let round = 1; round <= 3; round++) {
      // Ahead of all of them, so that they wait for the same moment.
      await eventually(async () => assert.equal((await stored(given)).runningUntil, undefined))
      await set(given, { nextAt: new Date(Date.now() + 500) })
      await eventually(async () => assert.equal(await runs(given).countDocuments(), round))
      await settled(given)
    }
    assert.equal(await runs(given).countDocuments(), 3)
  })

  it('passes over a due time while the run before is under way, and says so', async () => {
    const given = await givenEnvironment(runtime, mongo)
    await given.publishAndWait('nightly', holding(0), { schedule: yearly })
    const nextAt = await makeDue(given, 0, { runningUntil: new Date(Date.now() + 60_000), runId: 'of another runtime' })
    await eventually(async () => assert.deepEqual((await stored(given)).skipped, { count: 1, lastAt: nextAt }))
    assert.equal(await runs(given).countDocuments(), 0)
  })

  it('believes in a run no longer than it may take: its runtime may have died', async () => {
    const given = await givenEnvironment(runtime, mongo)
    await given.publishAndWait('nightly', holding(0), { schedule: yearly })
    await makeDue(given, 0, { runningUntil: new Date(Date.now() - 1), runId: 'of a dead runtime' })
    await settled(given)
    assert.equal(await runs(given).countDocuments(), 1)
  })

  it('counts what was missed while nobody served, and makes up for none of it', async () => {
    const given = await givenEnvironment(runtime, mongo)
    await given.publishAndWait('nightly', holding(0), { schedule: { cron: '0 * * * *', timeZone: 'UTC' } })
    const hour = 3_600_000
    const first = new Date(Math.floor(Date.now() / hour) * hour - 4 * hour)
    await stored(given)
    await set(given, { nextAt: first })
    const after = await settled(given)
    assert.deepEqual([after.missed.count, after.missed.lastAt], [5, new Date(first.getTime() + 4 * hour)])
    assert.equal(await runs(given).countDocuments(), 0)
  })

  it('keeps its next time when the function is published again, and ends with the function or its rule', async () => {
    const given = await givenEnvironment(runtime, mongo)
    await given.publishAndWait('nightly', holding(0), { schedule: yearly })
    await stored(given)
    const nextAt = new Date(Date.now() + 3_600_000)
    await schedules(given).updateOne({ _id: 'dev/nightly' }, { $set: { nextAt } })
    const revision = await given.publish('nightly', holding(1), { schedule: yearly })
    await eventually(async () => assert.equal((await stored(given)).revision, revision))
    assert.deepEqual((await stored(given)).nextAt, nextAt)
    await given.publishAndWait('nightly', holding(1), { schedule: { ...yearly, cron: '0 0 1 2 *' } })
    await eventually(async () => assert.equal((await stored(given)).nextAt.toISOString().slice(4), '-02-01T00:00:00.000Z'))
    await given.publishAndWait('nightly', holding(1))
    await eventually(async () => assert.equal(await schedules(given).countDocuments(), 0))
    await given.publishAndWait('nightly', holding(1), { schedule: yearly })
    await stored(given)
    await given.remove('nightly')
    await eventually(async () => assert.equal(await schedules(given).countDocuments(), 0))
  })

  it('tells the author of a run that failed', async () => {
    const given = await givenEnvironment(runtime, mongo)
    await given.publishAndWait('nightly', 'export default (req, res) => res.status(500).json({ no: true })', { schedule: yearly })
    const nextAt = await makeDue(given)
    await settled(given)
    const text = `The run scheduled for ${nextAt.toISOString()} answered 500`
    await eventually(async () => assert.ok(await given.database.collection('__logs').findOne({ functionName: 'nightly', message: text })))
  })

  it('fires again when the runtime was killed in the middle of a run, once the claim has ended', async () => {
    await using first = await givenRuntime(mongo)
    const given = new GivenEnvironment(first, mongo, mongo.newGatewayId(), 'dev')
    await given.configure()
    await given.publish('nightly', holding(25_000), { schedule: yearly })
    await first.control.ask({ type: 'assign', assignment: given.assignment })
    await makeDue(given)
    await eventually(async () => assert.equal(await runs(given).countDocuments(), 1))
    first.process.kill('SIGKILL')
    await runtime.control.ask({ type: 'assign', assignment: given.assignment })
    const { runningUntil } = await stored(given)
    assert.ok(runningUntil !== undefined && runningUntil > new Date(), 'The dead runtime holds the claim.')
    // Time passes: the claim's, and that to the next due time.
    await makeDue(given, 0, { runningUntil: new Date(Date.now() - 1) })
    await eventually(async () => assert.equal(await runs(given).countDocuments(), 2))
  })
})
