import { strict as assert } from 'node:assert'
import { gatewayDatabaseName, type Phase } from '@imprun/contracts'
import type { Api } from '../support/api.ts'
import { dieAtEveryMoment, givenMortalBackend, type MortalBackend } from '../support/crash-points.ts'
import { eventually } from '../support/eventually.ts'
import { callFunction, givenPublished } from '../support/given-gateway.ts'
import { type Inventory, readInventory, readLoose, readMachine } from '../support/inventory.ts'

const settledWithinMs = 60_000
const nothing: Inventory = { documents: {}, users: [], privileges: 0, phases: {} }

describe('a backend that is killed at every write and every word to its runtime', function () {
  this.timeout(15 * 60_000)
  let mortal: MortalBackend
  before(async () => {
    mortal = await givenMortalBackend()
  })
  after(() => mortal?.[Symbol.asyncDispose]())

  const api = () => mortal.backend.api
  const inventory = (gatewayId: string) => readInventory(mortal.mongo.database, gatewayId)
  const find = (gatewayId: string) => mortal.mongo.database.sys.collection('apiGateways').findOne({ gatewayId })
  const becomes = (gatewayId: string, phase: Phase, by?: Api) =>
    eventually(async () => assert.equal((await (by ?? api()).call('getGateway', { params: { gatewayId } })).phase, phase), settledWithinMs)
  const isGone = (gatewayId: string) => eventually(async () => assert.equal(await find(gatewayId), null), settledWithinMs)
  const looseEnds = () =>
    eventually(async () => {
      assert.deepEqual(await readLoose(mortal.mongo.database), { transactions: 0, runningKeys: 0, openDeployments: 0 })
      // A warm spare, and no worker of a gateway that is stopped or gone.
      assert.deepEqual(await readMachine(mortal.mongo.database, mortal.backend.home), { runtimes: 1, workers: 1, leases: 1, known: 1, users: 1 })
    }, settledWithinMs)

  const create = (gatewayId: string) =>
    api()
      .ask('createGateway', { body: { name: gatewayId, gatewayId }, headers: { 'idempotency-key': `create-${gatewayId}` } })
      .then(({ status }) => status)
  const started = async (gatewayId: string) => {
    await create(gatewayId)
    await becomes(gatewayId, 'Started')
  }
  /** One with all that a gateway can have: a worker, releases, data, variables, a key. */
  const furnished = async (gatewayId: string) => {
    await started(gatewayId)
    const environment = 'dev'
    await api().call('patchEnvironment', { params: { gatewayId, environment }, body: { variables: { RATE: { value: '1', secret: true } } } })
    await givenPublished(mortal.backend, gatewayId, 'note', `export default async () => imp.db().collection('notes').insertOne({ rate: imp.env.RATE })`)
    const { applicationId } = await api().call('createApplication', { body: { name: gatewayId } })
    await api().call('createGrant', { body: { applicationId, gatewayId, environment } })
    assert.equal((await callFunction(mortal.backend, { gatewayId, environment, name: 'note' })).status, 200)
  }
  const remove = (gatewayId: string) => api().call('deleteGateway', { params: { gatewayId }, headers: { 'idempotency-key': `delete-${gatewayId}` } })
  const codeOf = (asked: Promise<unknown>) => asked.then(() => 'done').catch((error: { problem?: { code: string } }) => error.problem?.code ?? String(error))

  /** Of a gateway that nothing happened to. */
  let healthy: Inventory

  it('knows what a gateway is made of, and that nothing is left of one that was deleted', async () => {
    await started('healthy')
    healthy = await inventory('healthy')
    assert.deepEqual(healthy.phases, { gateway: 'Started', dev: 'Started', staging: 'Started', prod: 'Started' })
    await remove('healthy')
    await isGone('healthy')
    assert.deepEqual(await inventory('healthy'), nothing)
  })

  it('creates gateways whole', async () => {
    const moments = await dieAtEveryMoment(async (n, passed) => {
      const gatewayId = `newborn-${n}`
      const moment = await mortal.dieOnce(passed, () => started(gatewayId), gatewayDatabaseName(gatewayId))
      if (moment !== undefined) {
        await mortal.backend.start()
        // What was accepted is finished by itself.
        if (await find(gatewayId)) await becomes(gatewayId, 'Started')
        assert.match(await codeOf(create(gatewayId)), /^done$|^GATEWAY_ID_TAKEN$/, moment)
        await becomes(gatewayId, 'Started')
      }
      assert.deepEqual(await inventory(gatewayId), healthy, moment)
      await looseEnds()
      await remove(gatewayId)
      await isGone(gatewayId)
      return moment
    }, 20)
    console.log(`      ${moments.length} moments of a creation`)
  })

  it('stops and starts gateways', async () => {
    const gatewayId = 'restless'
    await started(gatewayId)
    const want = (state: 'active' | 'inactive', by = api()) => by.call('patchGateway', { params: { gatewayId }, body: { state } })
    const toAndFro = async () => {
      // Of this life only: work that was cut short must not go on with the next one.
      const life = api()
      await want('inactive', life)
      await becomes(gatewayId, 'Stopped', life)
      await want('active', life)
      await becomes(gatewayId, 'Started', life)
    }
    const moments = await dieAtEveryMoment(async (_, passed) => {
      const moment = await mortal.dieOnce(passed, toAndFro)
      if (moment !== undefined) {
        await mortal.backend.start()
        const state = (await find(gatewayId))?.state
        await becomes(gatewayId, state === 'inactive' ? 'Stopped' : 'Started')
        await want('active')
        await becomes(gatewayId, 'Started')
      }
      assert.deepEqual(await inventory(gatewayId), healthy, moment)
      await looseEnds()
      return moment
    }, 6)
    console.log(`      ${moments.length} moments of a stop and a start`)
  })

  it('deletes gateways without a trace', async () => {
    const moments = await dieAtEveryMoment(async (n, passed) => {
      const gatewayId = `doomed-${n}`
      await furnished(gatewayId)
      const moment = await mortal.dieOnce(passed, async () => {
        await remove(gatewayId)
        await isGone(gatewayId)
      })
      if (moment !== undefined) {
        await mortal.backend.start()
        if ((await find(gatewayId))?.state === 'deleted') await isGone(gatewayId)
        assert.match(await codeOf(remove(gatewayId)), /^done$|^GATEWAY_NOT_FOUND$/, moment)
        await isGone(gatewayId)
      }
      assert.deepEqual(await inventory(gatewayId), nothing, moment)
      await looseEnds()
      return moment
    }, 20)
    console.log(`      ${moments.length} moments of a deletion`)
  })
})
