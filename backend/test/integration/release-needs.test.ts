import { strict as assert } from 'node:assert'
import type { EnvironmentName, FunctionLimits, StoredVariables } from '@imprun/contracts'
import { withNextRevision } from '../../src/database/gateway-revision.ts'
import { type GivenFunctions, givenFunctions, problemOf, request } from '../support/given-functions.ts'
import { givenRuntime } from '../support/given-runtime.ts'

const code = 'export default (req: any, res: any) => res.json([imp.env.API_URL, imp.env.API_KEY, imp.env.DEBUG ?? "off"])'
const save = ({ routes }: GivenFunctions, limits: FunctionLimits = {}) =>
  routes.saveFunction(request<'saveFunction'>({ query: { publish: 'dev' }, body: { code, limits } }))
const promote = ({ routes }: GivenFunctions) => routes.promoteFunction(request<'promoteFunction'>({ body: { from: 'dev', to: 'staging' } }))
const setVariables = ({ database, variables }: GivenFunctions, environment: EnvironmentName, values: StoredVariables) =>
  withNextRevision(database, 'hometax', (session, revision) => variables.replace({ gatewayId: 'hometax', environment }, values, revision, session))

async function givenFunction() {
  const given = await givenFunctions()
  const gateway = await given.givenGateway('hometax')
  const runtime = await givenRuntime(given.database, 'hometax')
  await given.routes.createFunction(request<'createFunction'>({ body: { name: 'calculateTax', code: 'export default () => 1', limits: {} } }))
  return {
    ...given,
    gateway,
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]()
      await given[Symbol.asyncDispose]()
    },
  }
}

describe('what a release needs of an environment', () => {
  it('warns in dev of variables that are missing, and keeps their names in the release', async () => {
    await using given = await givenFunction()
    const { deployment } = await save(given)
    assert.equal(deployment?.status, 'SUCCESS')
    assert.deepEqual(deployment?.warnings, [
      { code: 'VARIABLES_MISSING', detail: 'Environment dev has no variables API_KEY, API_URL, which the function reads. Set them there first.' },
    ])
    const { items } = await given.routes.listReleases(request<'listReleases'>({}))
    assert.deepEqual(items[0]?.variables, ['API_KEY', 'API_URL'])
  })

  it('refuses a promotion naming every variable that is missing, and lets it through once they are there', async () => {
    await using given = await givenFunction()
    await setVariables(given, 'dev', { API_URL: { value: 'x' }, API_KEY: { value: 'x' } })
    assert.equal((await save(given)).deployment?.warnings, undefined)
    const problem = await problemOf(promote(given))
    assert.equal(problem.code, 'VARIABLES_MISSING')
    assert.deepEqual(
      problem.errors?.map(({ field }) => field),
      ['variables.API_KEY', 'variables.API_URL'],
    )
    await setVariables(given, 'staging', { API_URL: { value: '' } })
    assert.match((await problemOf(promote(given))).message, /staging has no variable API_KEY, /)
    await setVariables(given, 'staging', { API_URL: { value: '' }, API_KEY: { secret: 'v1.00000000...' } })
    assert.equal((await promote(given)).status, 'SUCCESS')
  })

  it('names the missing variables whichever way a release comes, and lets a rollback pass without', async () => {
    await using given = await givenFunction()
    given.gateway.pipeline = 'off'
    for (const environment of ['dev', 'staging'] as const) await setVariables(given, environment, { API_URL: { value: 'x' }, API_KEY: { value: 'x' } })
    await save(given)
    await promote(given)
    await setVariables(given, 'staging', { API_KEY: { value: 'x' } })
    const { routes } = given
    const ways: [string, () => Promise<unknown>][] = [
      ['publish', () => routes.publishFunction(request<'publishFunction'>({ body: { environment: 'staging' } }))],
      ['promote', () => promote(given)],
      [
        'deploy-to-stage',
        () => routes.deployToStage(request<'deployToStage'>({ params: { functionId: 'dev/calculateTax' }, body: { targetStage: 'staging' } })),
      ],
      ['publish with a new version', () => routes.publishFunction(request<'publishFunction'>({ body: { environment: 'staging', bump: 'minor' } }))],
    ]
    for (const [way, deploy] of ways) {
      const { code, errors } = await problemOf(deploy())
      assert.deepEqual([code, errors?.map(({ field }) => field)], ['VARIABLES_MISSING', ['variables.API_URL']], way)
    }
    const { releaseId } = (await routes.listDeployments(request<'listDeployments'>({ query: { environment: 'staging' } }))).items[0] ?? {}
    const back = await routes.rollbackFunction(request<'rollbackFunction'>({ body: { environment: 'staging', releaseId, reason: 'as it was' } }))
    assert.equal(back.status, 'SUCCESS')
  })

  it('refuses limits above those of the environment, with both numbers', async () => {
    await using given = await givenFunction()
    const answer = await save(given, { timeoutMs: 60_000, memoryMb: 512, concurrency: 100 })
    assert.equal(answer.refusal?.code, 'LIMITS_ABOVE_ENVIRONMENT')
    assert.match(answer.refusal?.detail ?? '', /timeoutMs is 60000, and dev allows 30000; memoryMb is 512, and dev allows 256\./)
    assert.deepEqual(
      answer.refusal?.errors.map(({ field }) => field),
      ['limits.timeoutMs', 'limits.memoryMb'],
    )
    Object.assign(given.gateway.environments.dev, { limits: { timeoutMs: 60_000, memoryMb: 512, concurrency: 100, bodyBytesMax: 0, responseBytesMax: 1024 } })
    const { deployment } = await given.routes
      .publishFunction(request<'publishFunction'>({ body: { environment: 'dev' } }))
      .then((deployment) => ({ deployment }))
    assert.equal(deployment.status, 'SUCCESS')
    assert.equal((await problemOf(promote(given))).code, 'LIMITS_ABOVE_ENVIRONMENT')
  })

  it('makes a new release when only a limit changes', async () => {
    await using given = await givenFunction()
    const versions = [(await save(given)).deployment?.version]
    for (const limits of [{ memoryMb: 64 }, { memoryMb: 64, responseBytesMax: 4096 }, { memoryMb: 64, responseBytesMax: 4096 }]) {
      versions.push((await save(given, limits)).deployment?.version)
    }
    assert.deepEqual(versions, ['1.0.0', '1.0.1', '1.0.2', '1.0.2'])
  })
})
