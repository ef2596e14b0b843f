import { strict as assert } from 'node:assert'
import { bundleSchema, gatewayCollections, type LiveRuntime, type RuntimeHeartbeat, runtimeHeartbeats } from '@imprun/contracts'
import { createForget } from '../../src/instances/instance-machine.ts'
import { createMoves } from '../../src/instances/moves.ts'
import { createPlacement } from '../../src/instances/placement.ts'
import { createRuntimeDirectory } from '../../src/instances/runtime-directory.ts'
import { createRuntimeStore, type KnownRuntime } from '../../src/instances/runtime-store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { createPortLeases } from '../../src/runtime-driver/process/port-leases.ts'
import { eventually } from '../support/eventually.ts'
import { givenLifecycle } from '../support/given-lifecycle.ts'
import { testRuntimeId } from '../support/one-runtime.ts'

const leaseMs = 15_000
const runtime = (runtimeId: string, state: KnownRuntime['state'] = 'running'): KnownRuntime => ({
  runtimeId,
  regionId: 'local',
  baseDomain: 'localhost',
  state,
})

/** A gateway that is served, and what another backend would do about runtimes. */
async function givenServed() {
  const given = await givenLifecycle()
  const { database, environments, instances, users } = given
  await given.createGateway({ name: 'shop' })
  await given.reaches('shop', 'Started')
  const store = createRuntimeStore(database, leaseMs)
  const stored = database.sys.collection<{ _id: string }>('runtimes')
  const directory = createRuntimeDirectory({ holder: 'other', own: () => [] })
  const moves = createMoves({ database, environments, instances, runtimes: store, leases: createPortLeases(database), users, forget: createForget(database) })
  const beats = database.sys.collection<RuntimeHeartbeat>(runtimeHeartbeats)
  return {
    ...given,
    store,
    moves,
    directory,
    placement: createPlacement({ instances, directory, monotonicMs: systemClock.monotonicMs }),
    beats: (runtimeId: string) => beats.updateOne({ _id: runtimeId }, { $currentDate: { heartbeatAt: true } }, { upsert: true }),
    falls: (runtimeId: string) => beats.deleteOne({ _id: runtimeId }),
    /** As if its backend had said nothing for so long, or it had not run. */
    age: (runtimeId: string, field: 'renewedAt' | 'servedAt') =>
      stored.updateOne({ _id: runtimeId }, [{ $set: { [field]: { $subtract: [`$${field}`, leaseMs + 1] } } }]),
    async look() {
      directory.update(await store.list())
      return directory.all()
    },
  }
}

describe('instances', function () {
  this.timeout(60_000)

  it('are one for each environment, wanted by it alone, and go when it stops', async () => {
    await using given = await givenServed()
    const [dev] = await given.environments.listOf('shop')
    assert.ok(dev)
    const facts = { environmentId: dev._id, gatewayId: 'shop', environment: dev.environment, database: dev.database, bundle: bundleSchema.parse({}) }
    assert.equal(await given.instances.insertAll([{ ...facts, runtimeId: 'runtime-2' }]), 0)
    await given.gateways.change('shop', { state: 'inactive' })
    await given.reaches('shop', 'Stopped')
    assert.deepEqual(await given.instances.listOf(dev._id), [])
    assert.deepEqual([...given.driver.assigned], [])
  })

  it('that a holder put down after it had lost its environment go by themselves', async () => {
    await using given = await givenServed()
    const gone = { environmentId: 'gone', gatewayId: 'shop', environment: 'dev', database: 'separate', bundle: bundleSchema.parse({}) } as const
    assert.equal(await given.instances.insertAll([{ ...gone, runtimeId: testRuntimeId }]), 1)
    await eventually(async () => assert.deepEqual(await given.instances.listOf('gone'), []))
  })

  it('stay where they are while their runtime is brought back, and while no other one serves', async () => {
    await using given = await givenServed()
    await given.store.renew('one', [runtime(testRuntimeId)], new Set([testRuntimeId]))
    await given.store.renew('two', [runtime('runtime-2')], new Set(['runtime-2']))
    await given.store.renew('one', [runtime(testRuntimeId, 'restarting')], new Set())
    assert.equal(await given.moves.moveAway(await given.look()), 0)
    await given.age('runtime-2', 'renewedAt')
    await given.age(testRuntimeId, 'renewedAt')
    assert.equal(await given.moves.moveAway(await given.look()), 0)
  })

  for (const field of ['renewedAt', 'servedAt'] as const)
    it(`move when their runtime is lost, by its ${field}, and another one serves`, async () => {
      await using given = await givenServed()
      await given.lifecycle.stop()
      await given.store.renew('one', [runtime(testRuntimeId, 'restarting')], new Set([testRuntimeId]))
      await given.store.renew('two', [runtime('runtime-2')], new Set(['runtime-2']))
      await given.age(testRuntimeId, field)
      assert.equal(await given.moves.moveAway(await given.look()), 3)
      const [dev] = await given.environments.listOf('shop')
      assert.ok(dev)
      assert.deepEqual(await given.placement.ensureServed(dev, async () => {}), {})
      const theirs = await given.instances.listOf(dev._id)
      assert.deepEqual(theirs.map(({ runtimeId, state }) => `${runtimeId} ${state}`).sort(), ['runtime-2 active', `${testRuntimeId} deleted`])
    })

  it('of a lost runtime are taken away only when it says no more that it lives, with all that it had', async () => {
    await using given = await givenServed()
    await given.lifecycle.stop()
    const [dev] = await given.environments.listOf('shop')
    assert.ok(dev)
    const said = given.database.gateway('shop').collection<LiveRuntime>(gatewayCollections.runtimes)
    await said.insertOne({ _id: `${testRuntimeId}/dev`, runtimeId: testRuntimeId, environment: 'dev', revision: 1, failures: [] })
    await createPortLeases(given.database).take(7421, testRuntimeId)
    await given.users.ensureFrontUser(testRuntimeId)
    await given.store.renew('one', [runtime(testRuntimeId)], new Set([testRuntimeId]))
    await given.age(testRuntimeId, 'renewedAt')
    await given.beats(testRuntimeId)
    for (const { _id } of await given.environments.listOf('shop')) await given.instances.unwant(_id)
    await given.moves.clearAway(await given.look())
    assert.equal((await given.instances.listOf(dev._id)).length, 1)
    await given.falls(testRuntimeId)
    await given.moves.clearAway(await given.look())
    assert.deepEqual(await given.instances.listOf(dev._id), [])
    assert.equal(await said.countDocuments(), 0)
    assert.deepEqual(await given.look(), [])
    assert.equal(await given.database.sys.collection('portLeases').countDocuments(), 0)
    const { users } = await given.database.named('admin').command({ usersInfo: `imprun_front_${testRuntimeId}` })
    assert.deepEqual(users, [])
  })
})
