import { strict as assert } from 'node:assert'
import { ImprunError } from '@imprun/contracts'
import type { StoredGateway } from '../../src/gateways/gateway-store.ts'
import { createGatewayViews } from '../../src/gateways/gateway-view.ts'
import { epoch } from '../../src/phases/phase-document.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { eventually } from '../support/eventually.ts'
import { createFakeDriver } from '../support/fake-driver.ts'
import { deletionOrder, givenLifecycle } from '../support/given-lifecycle.ts'

/** A driver that takes environments and never gives one back. */
function createStubbornDriver() {
  const driver = createFakeDriver()
  let asked = 0
  return {
    ...driver,
    asked: () => asked,
    ensureUnassigned: async () => {
      asked++
      throw new ImprunError('RUNTIME_UNREACHABLE', 'The runtime does not answer.')
    },
  }
}

async function givenStubborn() {
  const driver = createStubbornDriver()
  const given = await givenLifecycle({ createDriver: () => driver, limits: { tickMs: 50 } })
  await given.createGateway({ name: 'Shop', gatewayId: 'shop' })
  await given.reaches('shop', 'Started')
  return { ...given, stubborn: driver, [Symbol.asyncDispose]: () => given[Symbol.asyncDispose]() }
}

const whatIsLeft = ['environment dev of shop on its runtime', 'MongoDB user imprun_env_shop_dev', 'database gatewayid_shop_dev', 'database gatewayid_shop']

describe('the deletion of a gateway whose runtime does not let go', function () {
  this.timeout(60_000)

  it('tells what is left, and that it is overdue once its deadline has passed', async () => {
    await using given = await givenStubborn()
    await given.gateways.wantDeleted('shop', deletionOrder)
    await eventually(() => assert.ok(given.stubborn.asked() > 0))
    const { deletion } = await given.getView('shop')
    assert.equal(deletion?.isOverdue, false)
    for (const name of whatIsLeft) assert.ok(deletion?.leftovers.includes(name), `${name} is not among ${deletion?.leftovers}`)

    const later = { ...systemClock, now: () => new Date(Date.now() + 5 * 60_000 + 1_000) }
    const views = createGatewayViews({ gateways: given.gateways, environments: given.environments, addresses: given.addresses, clock: later })
    assert.equal((await views.find('shop'))?.gateway.deletion?.isOverdue, true)
  })

  it('is forced: it ends without what fails, and the audit log names that', async () => {
    await using given = await givenStubborn()
    await given.gateways.wantDeleted('shop', deletionOrder)
    await eventually(() => assert.ok(given.stubborn.asked() > 0))
    await given.gateways.wantDeleted('shop', { ...deletionOrder, isForced: true, actor: 'grace' })
    await given.isGone('shop', 20_000)
    const record = await given.database.sys.collection('auditLog').findOne({ route: 'deleteGateway' })
    assert.equal(record?.actor, 'grace')
    assert.deepEqual(
      record?.facts.leftovers.toSorted(),
      ['dev', 'prod', 'staging'].map((environment) => `environment ${environment} of shop on its runtime`),
    )
  })

  it('is forced when nothing fails: nothing is left behind', async () => {
    await using given = await givenLifecycle()
    await given.createGateway({ name: 'Shop', gatewayId: 'shop' })
    await given.reaches('shop', 'Started')
    await given.gateways.wantDeleted('shop', { ...deletionOrder, isForced: true })
    await given.isGone('shop', 20_000)
    const record = await given.database.sys.collection('auditLog').findOne({ route: 'deleteGateway' })
    assert.deepEqual(record?.facts.leftovers, [])
  })

  it('ends from every phase once it is forced', async () => {
    await using given = await givenStubborn()
    const gateways = given.database.sys.collection<StoredGateway>('apiGateways')
    const phases = ['Creating', 'Created', 'Starting', 'Started', 'Stopping', 'Stopped', 'Deleting'] as const
    for (const phase of phases) {
      const gatewayId = `from-${phase.toLowerCase()}`
      await given.createGateway({ name: gatewayId, gatewayId })
      // As if it had got there: whoever holds it loses it.
      await gateways.updateOne({ gatewayId }, { $set: { phase, lockedAt: epoch }, $inc: { fence: 1 } })
      await given.gateways.wantDeleted(gatewayId, { ...deletionOrder, isForced: true })
    }
    await Promise.all(phases.map((phase) => given.isGone(`from-${phase.toLowerCase()}`, 25_000)))
  })
})

describe('a single environment', function () {
  this.timeout(60_000)

  const reaches = (given: Awaited<ReturnType<typeof givenLifecycle>>, phase: string) =>
    eventually(async () => assert.equal((await given.environments.get('shop', 'staging')).phase, phase))

  it('is stopped and started by itself, and stays as it was told through stops and starts of its gateway', async () => {
    await using given = await givenLifecycle()
    await given.createGateway({ name: 'Shop', gatewayId: 'shop' })
    await given.reaches('shop', 'Started')
    await given.environments.wantOwn('shop', 'staging', 'inactive')
    await reaches(given, 'Stopped')
    assert.equal((await given.gateways.find('shop'))?.phase, 'Started')
    assert.equal((await given.environments.get('shop', 'dev')).phase, 'Started')

    await given.gateways.change('shop', { state: 'inactive' })
    await given.reaches('shop', 'Stopped')
    await given.gateways.change('shop', { state: 'active' })
    await given.reaches('shop', 'Started')
    assert.equal((await given.environments.get('shop', 'staging')).phase, 'Stopped')

    await given.environments.wantOwn('shop', 'staging', 'active')
    await reaches(given, 'Started')
  })

  it('does not start by itself while its gateway is stopped, and does with it', async () => {
    await using given = await givenLifecycle()
    await given.createGateway({ name: 'Shop', gatewayId: 'shop' })
    await given.reaches('shop', 'Started')
    await given.environments.wantOwn('shop', 'staging', 'inactive')
    await given.gateways.change('shop', { state: 'inactive' })
    await given.reaches('shop', 'Stopped')
    await given.environments.wantOwn('shop', 'staging', 'active')
    assert.equal((await given.environments.get('shop', 'staging')).state, 'inactive')
    await given.gateways.change('shop', { state: 'active' })
    await given.reaches('shop', 'Started')
    await reaches(given, 'Started')
  })
})
