import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import type { GivenBackend } from '../support/given-backend.ts'
import { environmentsOf, givenBackends, givenServedGateway, isServedAt } from '../support/given-backends.ts'
import { isGone } from '../support/given-driver.ts'
import { givenPublished } from '../support/given-gateway.ts'

const answering = (value: number): string => `export default () => ({ value: ${value} })`
const gatewayIds = ['alpha', 'beta']

/** Longer than the lease of a lost backend and the look of the others, on a busy machine. */
const movedWithinMs = 40_000

const runtimePidOf = async ({ home }: GivenBackend) => (JSON.parse(await readFile(join(home, 'run', 'runtime.json'), 'utf8')) as { pid: number }).pid

describe('two backends on one MongoDB', function () {
  this.timeout(180_000)

  it('serve each environment once, spread over their runtimes, and keep it there when runtimes are killed', async () => {
    // A busy machine may take long to bring a runtime back; only one that is gone for longer than its lease is lost.
    await using given = await givenBackends(2, { IMPRUN_RUNTIME_LEASE_MS: '60000' })
    const [one, other] = given.backends as [GivenBackend, GivenBackend]
    await givenServedGateway(one, 'alpha')
    await givenServedGateway(other, 'beta')
    const instances = await given.instances()
    assert.equal(instances.length, 6)
    assert.equal(new Set(instances.map(({ environmentId }) => environmentId)).size, 6)
    assert.equal(new Set(instances.map(({ runtimeId }) => runtimeId)).size, 2)
    const leases = await given.leases()
    assert.equal(leases.length, 2)
    assert.equal(new Set(leases.map(({ port }) => port)).size, 2)
    // Both tell the same addresses, whoever's runtime it is.
    for (const gatewayId of ['alpha', 'beta']) {
      const [seen, seenByOther] = await Promise.all([environmentsOf(one, gatewayId), environmentsOf(other, gatewayId)])
      assert.deepEqual(
        seen.map(({ url, runtime }) => ({ url, runtime })),
        seenByOther.map(({ url, runtime }) => ({ url, runtime })),
      )
    }
    const placed = new Map((await environmentsOf(one, 'alpha')).map(({ name, runtime, url }) => [name, { runtime: runtime?.runtimeId, url }]))
    for (const backend of [one, other]) {
      const pid = await runtimePidOf(backend)
      process.kill(pid, 'SIGKILL')
      await eventually(() => isGone(pid))
    }
    await eventually(async () => {
      for (const environment of await environmentsOf(other, 'alpha')) {
        await isServedAt(environment)
        assert.deepEqual({ runtime: environment.runtime?.runtimeId, url: environment.url }, placed.get(environment.name))
      }
    }, movedWithinMs)
    assert.equal((await given.instances()).length, 6)
    await one.stop()
    await other.stop()
    assert.deepEqual(await given.leases(), [])
    assert.deepEqual(await given.runtimes(), [])
  })

  it('take what is asked for later for the newer one, whichever of them is asked', async () => {
    await using given = await givenBackends(2)
    const [one, other] = given.backends as [GivenBackend, GivenBackend]
    await givenServedGateway(one, 'alpha')
    await givenPublished(one, 'alpha', 'answer', answering(0))
    const named = { gatewayId: 'alpha', functionId: 'answer' }
    const served = async () => (await other.api.call('getFunction', { params: named })).served[0]?.version
    // Many in one second: ids that two processes make in the same second are in no order.
    for (let round = 1; round <= 12; round++) {
      const [asked, next] = round % 2 ? [one, other] : [other, one]
      const before = await served()
      await asked.api.call('saveFunction', { params: named, query: { publish: 'dev' }, body: { code: answering(round) } })
      const { status } = await next.api.call('rollbackFunction', { params: named, body: { environment: 'dev', reason: `round ${round}` } })
      assert.equal(status, 'SUCCESS')
      assert.equal(await served(), before, 'The release before is another one.')
      await next.api.call('promoteFunction', { params: named, body: { from: 'dev', to: 'staging' } })
    }
  })

  it('serve on what a backend that was killed served, and leave nothing of it', async () => {
    await using given = await givenBackends(2)
    const [killed, survivor] = given.backends as [GivenBackend, GivenBackend]
    for (const gatewayId of gatewayIds) await givenServedGateway(survivor, gatewayId)
    const orphan = await runtimePidOf(killed)
    const before = await given.instances()
    await killed.kill()
    for (const gatewayId of gatewayIds)
      await eventually(async () => {
        for (const environment of await environmentsOf(survivor, gatewayId)) {
          assert.equal(environment.phase, 'Started')
          assert.equal(environment.runtime?.state, 'running')
          await isServedAt(environment)
        }
      }, movedWithinMs)
    // The runtime without its backend leaves by itself; only then what it had is taken away.
    await eventually(() => isGone(orphan), movedWithinMs)
    await eventually(async () => {
      assert.equal((await given.runtimes()).length, 1)
      assert.equal((await given.instances()).length, before.length)
      assert.equal((await given.leases()).length, 1)
      assert.equal((await given.frontUsers()).length, 1)
    }, movedWithinMs)
    // Back under its name, it is not waited for where it serves no more, and gets what is new.
    await killed.start()
    await eventually(async () => {
      const [region] = (await survivor.api.call('listRegions', {})).items
      assert.deepEqual(
        region?.runtimes.map(({ state }) => state),
        ['running', 'running'],
      )
    }, movedWithinMs)
    await givenPublished(survivor, 'beta', 'answer', 'export default () => 1')
    await givenServedGateway(survivor, 'delta')
    const idsOf = async (gatewayId: string) => new Set((await environmentsOf(survivor, gatewayId)).map(({ runtime }) => runtime?.runtimeId))
    const [stayed, placed] = await Promise.all([idsOf('beta'), idsOf('delta')])
    assert.deepEqual([stayed.size, placed.size], [1, 1])
    assert.notDeepEqual(stayed, placed)
    await survivor.api.call('deleteGateway', { params: { gatewayId: 'alpha' } })
    await eventually(() => assert.rejects(survivor.api.call('getGateway', { params: { gatewayId: 'alpha' } })), movedWithinMs)
    await Promise.all([killed.stop(), survivor.stop()])
    assert.deepEqual(await given.leases(), [])
    assert.deepEqual(await given.frontUsers(), [])
    assert.deepEqual(await given.runtimes(), [])
  })
})

describe('one backend with several runtimes', function () {
  this.timeout(180_000)

  it('spreads environments over them, each at its own port', async () => {
    await using given = await givenBackends(1, { IMPRUN_RUNTIMES: '3' })
    const [backend] = given.backends as [GivenBackend]
    await eventually(async () => {
      const [region] = (await backend.api.call('listRegions', {})).items
      assert.deepEqual(
        region?.runtimes.map(({ state }) => state),
        ['running', 'running', 'running'],
      )
    }, movedWithinMs)
    await givenServedGateway(backend, 'alpha')
    await givenServedGateway(backend, 'beta')
    const environments = (await Promise.all(['alpha', 'beta'].map((gatewayId) => environmentsOf(backend, gatewayId)))).flat()
    const perPort = Map.groupBy(environments, ({ pathUrl }) => new URL(pathUrl).port)
    assert.equal(perPort.size, 3)
    assert.ok([...perPort.values()].every((those) => those.length <= 3))
    await backend.stop()
    assert.deepEqual(await given.leases(), [])
  })
})
