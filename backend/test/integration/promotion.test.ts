import { strict as assert } from 'node:assert'
import type { EnvironmentName } from '@imprun/contracts'
import { type GivenFunctions, givenFunctions, problemOf, request, taxCode } from '../support/given-functions.ts'
import { givenRuntime } from '../support/given-runtime.ts'

const create = ({ routes }: GivenFunctions) =>
  routes.createFunction(request<'createFunction'>({ body: { name: 'calculateTax', code: taxCode(0.1), limits: {} } }))
const publish = ({ routes }: GivenFunctions, environment: EnvironmentName = 'dev') =>
  routes.publishFunction(request<'publishFunction'>({ body: { environment } }))
const promote = ({ routes }: GivenFunctions, from: EnvironmentName, to: EnvironmentName) =>
  routes.promoteFunction(request<'promoteFunction'>({ body: { from, to } }))
const deployToStage = ({ routes }: GivenFunctions, functionId: string, targetStage: EnvironmentName) =>
  routes.deployToStage(request<'deployToStage'>({ params: { functionId }, body: { targetStage } }))
const save = ({ routes }: GivenFunctions, code: string) => routes.saveFunction(request<'saveFunction'>({ query: { publish: 'dev' }, body: { code } }))

describe('promotion', () => {
  it('carries the same release from dev to staging to prod, as the document writes it', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    const { releaseId } = await publish(given)

    const staged = await deployToStage(given, 'dev/calculateTax', 'staging')
    const live = await deployToStage(given, 'staging/calculateTax', 'prod')

    assert.deepEqual([staged.message, live.message], ['Deployed from dev to staging (version: 1.0.0)', 'Deployed from staging to prod (version: 1.0.0)'])
    assert.deepEqual([staged.kind, staged.from, staged.status, staged.releaseId], ['promotion', 'dev', 'SUCCESS', releaseId])
    assert.equal(runtime.serves('prod', 'calculateTax')?.code, runtime.serves('dev', 'calculateTax')?.code)
    const { items } = await given.routes.listGatewayDeployments(request<'listGatewayDeployments'>({}))
    assert.deepEqual(
      items.map(({ environment, version }) => `${environment} ${version}`),
      ['prod 1.0.0', 'staging 1.0.0', 'dev 1.0.0'],
    )
  })

  it('compiles nothing, and neither does the way back', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    await publish(given)
    await promote(given, 'dev', 'staging')
    await save(given, taxCode(0.2))
    const compilations = given.compilations()
    assert.ok(compilations >= 2)

    await promote(given, 'dev', 'staging')
    await promote(given, 'staging', 'prod')
    const back = await given.routes.rollbackFunction(request<'rollbackFunction'>({ body: { environment: 'staging', reason: 'try' } }))

    assert.deepEqual([back.status, back.version, runtime.serves('prod', 'calculateTax')?.version], ['SUCCESS', '1.0.0', '1.0.1'])
    assert.equal(given.compilations(), compilations)
  })

  it('promotes what dev serves, not what was saved since', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using _runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    await publish(given)
    await save(given, 'export default (')

    assert.equal((await promote(given, 'dev', 'staging')).version, '1.0.0')
  })

  it('refuses to skip a stage and says which one is missing', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using _runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    await publish(given)

    const problem = await problemOf(promote(given, 'dev', 'prod'))

    assert.equal(problem.code, 'STAGE_ORDER_VIOLATED')
    assert.equal(problem.message, 'Release 1.0.0 is not in staging yet. Promote it there before prod.')
  })

  it('lets nothing into staging that dev does not serve, and promotes the rest on', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using _runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    await publish(given)
    await promote(given, 'dev', 'staging')
    await given.routes.saveFunction(request<'saveFunction'>({ body: { code: taxCode(0.2) } }))

    const problem = await problemOf(publish(given, 'staging'))

    assert.equal(problem.message, 'Release 1.0.1 is not in dev yet. Publish it there before staging.')
    assert.equal((await promote(given, 'staging', 'prod')).version, '1.0.0')
  })

  it('names every reason at once', async () => {
    await using given = await givenFunctions()
    const gateway = await given.givenGateway('hometax')
    gateway.environments.prod = { state: 'active', phase: 'Starting' }
    await create(given)

    const problem = await problemOf(promote(given, 'dev', 'prod'))

    assert.equal(problem.code, 'NO_RELEASE_IN_ENVIRONMENT')
    const { refusals } = problem.facts as { refusals: { code: string }[] }
    assert.deepEqual(
      refusals.map(({ code }) => code),
      ['NO_RELEASE_IN_ENVIRONMENT', 'STAGE_ORDER_VIOLATED', 'ENVIRONMENT_NOT_STARTED'],
    )
  })

  it('goes in any order while the pipeline is off', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax', { pipeline: 'off' })
    await using runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    await publish(given, 'staging')

    await promote(given, 'staging', 'dev')
    await promote(given, 'staging', 'prod')

    assert.ok(runtime.serves('dev', 'calculateTax') && runtime.serves('prod', 'calculateTax'))
  })

  it('pages the history newest first, and filters it', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using _runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    for (const rate of [1, 2, 3]) await save(given, taxCode(rate))
    await promote(given, 'dev', 'staging')

    const first = await given.routes.listDeployments(request<'listDeployments'>({ query: { limit: 3 } }))
    const rest = await given.routes.listDeployments(request<'listDeployments'>({ query: { limit: 3, cursor: first.nextCursor } }))
    const staged = await given.routes.listDeployments(request<'listDeployments'>({ query: { environment: 'staging' } }))

    assert.deepEqual(
      [...first.items, ...rest.items].map(({ environment, version }) => `${environment} ${version}`),
      ['staging 1.0.2', 'dev 1.0.2', 'dev 1.0.1', 'dev 1.0.0'],
    )
    assert.equal(rest.nextCursor, undefined)
    assert.equal(staged.items.length, 1)
  })
})
