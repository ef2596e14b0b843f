import { strict as assert } from 'node:assert'
import { ImprunError } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { createFakeDriver, createFakeDriverWith, type FakeDriver } from '../support/fake-driver.ts'
import { type GivenApi, givenApi } from '../support/given-api.ts'
import { givenGateway } from '../support/given-gateway.ts'
import { readInventory } from '../support/inventory.ts'

const gatewayId = 'shop'
const params = { gatewayId }
const within = 20_000
const unreachable = new ImprunError('RUNTIME_UNREACHABLE', 'The runtime does not answer.')
const nothing = { documents: {}, users: [], privileges: 0, phases: {} }

const gatewayOf = ({ api }: GivenApi) => api.call('getGateway', { params })
const isGone = (given: GivenApi) => eventually(async () => assert.equal((await given.api.refusal('getGateway', { params })).code, 'GATEWAY_NOT_FOUND'), within)
const stalledOf = async ({ api }: GivenApi, kind: string) =>
  Number(new RegExp(`imprun_engine_stalled\\{kind="${kind}"\\} (\\d+)`).exec(await (await api.fetch('/metrics')).text())?.[1])

/** The driver of the one runtime, made when the backend starts. */
async function givenDriven(env: Record<string, string> = {}, adapt: (driver: FakeDriver) => FakeDriver = (driver) => driver) {
  const driver = createFakeDriver()
  const given = await givenApi({ createDriver: () => adapt(driver), env })
  return Object.assign(given, { driver })
}

describe('journey: what an operator does about it', function () {
  this.timeout(60_000)

  it('a stalled environment whose fault was mended is tried at once by a retry, and its failures are forgotten', async () => {
    await using given = await givenDriven()
    given.driver.failWith(unreachable)
    await given.api.call('createGateway', { body: { name: 'Shop', gatewayId } })
    // Ten failures take minutes: the last of them is written by hand.
    const failures = { attempts: 10, isStalled: true, nextAttemptAt: new Date(Date.now() + 3_600_000) }
    const stall = async (collection: string) => {
      const those = given.database.sys.collection(collection)
      await those.updateMany({ gatewayId, lockedAt: new Date(0), attempts: { $gt: 0 } }, { $set: failures })
      assert.equal(await those.countDocuments({ gatewayId, ...failures }), 3)
    }
    await eventually(async () => {
      await stall('runtimeInstances')
      await stall('environments')
    }, within)
    const { environments } = await gatewayOf(given)
    for (const { isStalled, lastError } of environments) assert.deepEqual([isStalled, lastError?.code], [true, 'RUNTIME_UNREACHABLE'])
    assert.deepEqual([await stalledOf(given, 'environment'), await stalledOf(given, 'instance')], [3, 3])

    given.driver.heal()
    await given.api.call('retryEnvironment', { params: { gatewayId, environment: 'dev' } })
    await eventually(async () => {
      const { phase, isStalled, attempts, lastError } = await given.api.call('getEnvironment', { params: { gatewayId, environment: 'dev' } })
      assert.deepEqual([phase, isStalled, attempts, lastError], ['Started', false, 0, undefined])
    }, within)
    assert.equal(await stalledOf(given, 'environment'), 2)
    await given.api.call('retryGateway', { params })
    await eventually(async () => assert.equal((await gatewayOf(given)).phase, 'Started'), within)
    assert.deepEqual([await stalledOf(given, 'environment'), await stalledOf(given, 'instance')], [0, 0])
  })

  it('an overdue deletion names what is left, and ends once the runtime is back', async () => {
    let isBack = false
    const stubborn = (driver: FakeDriver): FakeDriver => ({
      ...driver,
      ensureUnassigned: (...ask) => (isBack ? driver.ensureUnassigned(...ask) : Promise.reject(unreachable)),
    })
    await using given = await givenDriven({ IMPRUN_DELETION_DEADLINE_MS: '1' }, stubborn)
    await givenGateway(given, gatewayId)
    await given.api.call('deleteGateway', { params })
    await eventually(async () => {
      const { deletion } = await gatewayOf(given)
      assert.equal(deletion?.isOverdue, true)
      assert.ok(deletion.leftovers.includes(`environment dev of ${gatewayId} on its runtime`))
    }, within)
    isBack = true
    await isGone(given)
  })

  it('a forced deletion says which users and databases are left to drop by hand, and after that there is nothing', async () => {
    await using given = await givenApi({ createDriver: (_, { users }) => createFakeDriverWith(users) })
    await givenGateway(given, gatewayId)
    const { client } = given.database
    const refuseDrops = (mode: 'alwaysOn' | 'off') =>
      client.db('admin').command({
        configureFailPoint: 'failCommand',
        mode,
        ...(mode === 'off' ? {} : { data: { failCommands: ['dropUser', 'dropDatabase'], errorCode: 13 } }),
      })
    await refuseDrops('alwaysOn')
    try {
      await given.api.call('deleteGateway', { params, query: { force: 'true' } })
      await isGone(given)
    } finally {
      await refuseDrops('off')
    }
    const told = (await given.auditRecords()).filter(({ route }) => route === 'deleteGateway').flatMap(({ facts }) => (facts?.leftovers ?? []) as string[])
    assert.ok(told.includes(`MongoDB user imprun_env_${gatewayId}_dev`) && told.includes(`database gatewayid_${gatewayId}`), told.join(', '))
    assert.notDeepEqual(await readInventory(given.database, gatewayId), nothing)
    for (const leftover of told) {
      const [, user] = /^MongoDB user (\S+)$/.exec(leftover) ?? []
      const [, database] = /^database (\S+)$/.exec(leftover) ?? []
      if (user) await client.db('admin').command({ dropUser: user })
      if (database) await client.db(database).dropDatabase()
    }
    assert.deepEqual(await readInventory(given.database, gatewayId), nothing)
  })
})
