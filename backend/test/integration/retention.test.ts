import { strict as assert } from 'node:assert'
import type { EnvironmentName, Retention as RetentionLimits } from '@imprun/contracts'
import { silentLog } from '../../src/platform/log.ts'
import { createRetention } from '../../src/releases/retention.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenFunctions, givenFunctions, problemOf, request, taxCode } from '../support/given-functions.ts'
import { givenRuntime } from '../support/given-runtime.ts'
import { createMovingClock } from '../support/moving-clock.ts'

const gatewayId = 'hometax'
const dayMs = 24 * 3600_000

/** Two backends that both look after what is kept. */
async function givenRetention(retention: Partial<RetentionLimits>) {
  const given = await givenFunctions()
  await given.givenGateway(gatewayId)
  const runtime = await givenRuntime(given.database, gatewayId)
  const clock = createMovingClock()
  const gateways = { find: async () => ({ state: 'active' as const, retention }), listSettled: async () => [gatewayId] }
  const both = [1, 2].map(() => createRetention({ ...given, gateways, deployments: given.deploymentStore, clock, log: silentLog }))
  const { functionId } = await given.routes.createFunction(request<'createFunction'>({ body: { name: 'calculateTax', code: taxCode(0), limits: {} } }))
  return {
    ...given,
    runtime,
    clock,
    start() {
      for (const each of both) {
        each.start()
        each.note({ gatewayId, functionId })
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(both.map((each) => each.stop()))
      await runtime[Symbol.asyncDispose]()
      await given[Symbol.asyncDispose]()
    },
  }
}
const save = ({ routes }: GivenFunctions, rate: number) =>
  routes.saveFunction(request<'saveFunction'>({ query: { publish: 'dev' }, body: { code: taxCode(rate) } }))
const promote = ({ routes }: GivenFunctions) => routes.promoteFunction(request<'promoteFunction'>({ body: { from: 'dev', to: 'staging' } }))
const rollback = ({ routes }: GivenFunctions, environment: EnvironmentName, releaseId?: string) =>
  routes.rollbackFunction(request<'rollbackFunction'>({ body: { environment, reason: 'try', ...(releaseId === undefined ? {} : { releaseId }) } }))
const versions = async ({ routes }: GivenFunctions) => (await routes.listReleases(request<'listReleases'>({}))).items.map(({ version }) => version)
const deployments = async ({ routes }: GivenFunctions) =>
  (await routes.listDeployments(request<'listDeployments'>({}))).items.map(({ environment, version, status }) => `${environment} ${version} ${status}`)

describe('retention', function () {
  this.timeout(60_000)

  it('with a limit of one keeps what is served, and what each environment would go back to', async () => {
    await using given = await givenRetention({ releases: 1 })
    for (const rate of [1, 2, 3, 4, 5, 6]) {
      await save(given, rate)
      if (rate === 1 || rate === 3) await promote(given)
    }

    given.start()

    await eventually(async () => assert.deepEqual(await versions(given), ['1.0.5', '1.0.4', '1.0.2', '1.0.0']))
    assert.equal((await rollback(given, 'staging')).version, '1.0.0')
    assert.equal((await rollback(given, 'dev')).version, '1.0.4')
    assert.match(given.runtime.serves('staging', 'calculateTax')?.code ?? '', /income \* 1 /)
    assert.equal((await problemOf(rollback(given, 'dev', 'gone'))).code, 'RELEASE_NEVER_SERVED')
  })

  it('keeps what a deployment that is under way brings, and what it would be taken back to', async () => {
    await using given = await givenRetention({ releases: 1 })
    for (const rate of [1, 2, 3, 4]) await save(given, rate)
    given.runtime.freeze()
    const first = (await given.routes.listReleases(request<'listReleases'>({}))).items.at(-1)
    const running = rollback(given, 'dev', first?.releaseId)
    await given.reaches('IN_PROGRESS')

    given.start()

    await eventually(async () => assert.deepEqual(await versions(given), ['1.0.3', '1.0.2', '1.0.0']), 4_000)
    await given.runtime.resume()
    assert.equal((await running).version, '1.0.0')
  })

  it('removes old deployments, but not those that say where an environment may go back to', async () => {
    await using given = await givenRetention({ releases: 1, deploymentDays: 1 })
    for (const rate of [1, 2, 3]) await save(given, rate)
    given.runtime.refuse(() => ({ code: 'CODE_THROWS_AT_LOAD', message: 'no' }))
    await save(given, 4)
    given.runtime.refuse(() => undefined)
    assert.equal((await deployments(given)).length, 4)
    given.clock.advanceMs(2 * dayMs)

    given.start()

    await eventually(async () => assert.deepEqual(await deployments(given), ['dev 1.0.2 SUCCESS', 'dev 1.0.1 SUCCESS']))
    assert.deepEqual(await versions(given), ['1.0.3', '1.0.2', '1.0.1'])
    assert.equal((await rollback(given, 'dev')).version, '1.0.1')
  })
})
