import { strict as assert } from 'node:assert'
import type { DeploymentSet, EnvironmentName, PromoteEnvironment } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { type GivenFunctions, givenFunctions, problemOf, request } from '../support/given-functions.ts'
import { givenRuntime, type RuntimeFixture } from '../support/given-runtime.ts'

const answering = (value: number): string => `export default () => ({ value: ${value} })`
const reading = (...names: string[]): string => `export default () => [${names.map((name) => `imp.env.${name}`).join(', ')}]`

describe('a deployment set', function () {
  this.timeout(60_000)
  let given: GivenFunctions
  before(async () => {
    given = await givenFunctions()
  })
  after(() => given?.[Symbol.asyncDispose]())

  /** A gateway of its own with a runtime, for one test. */
  async function givenPlace(gatewayId: string, gateway: Parameters<GivenFunctions['givenGateway']>[1] = {}) {
    const fixture = await given.givenGateway(gatewayId, gateway)
    const runtime = await givenRuntime(given.database, gatewayId, `runtime-${gatewayId}`)
    const into = (environment: EnvironmentName) => ({ gatewayId, environment })
    type Routes = Pick<GivenFunctions, 'routes'>
    return {
      gatewayId,
      fixture,
      runtime,
      async publish(name: string, code: string, environment: EnvironmentName = 'dev') {
        const known = await given.functions.findByReference(gatewayId, name)
        const params = { gatewayId, functionId: name }
        if (known) await given.routes.saveFunction(request<'saveFunction'>({ params, body: { code } }))
        else await given.routes.createFunction(request<'createFunction'>({ params, body: { name, code, limits: {} } }))
        return given.routes.publishFunction(request<'publishFunction'>({ params, body: { environment } }))
      },
      promoteOne: (name: string, from: EnvironmentName = 'dev', to: EnvironmentName = 'staging') =>
        given.routes.promoteFunction(request<'promoteFunction'>({ params: { gatewayId, functionId: name }, body: { from, to } })),
      promoteAll: (more: Partial<PromoteEnvironment> = {}, environment: EnvironmentName = 'staging', { routes }: Routes = given) =>
        routes.promoteEnvironment(request<'promoteEnvironment'>({ params: into(environment), body: { from: 'dev', includeRemovals: false, ...more } })),
      plan: (more: { includeRemovals?: 'true' } = {}) =>
        given.routes.planPromotion(request<'planPromotion'>({ params: into('staging'), query: { from: 'dev', ...more } })),
      history: async () => (await given.routes.listGatewayDeployments(request<'listGatewayDeployments'>({ params: { gatewayId } }))).items,
      [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose](),
    }
  }
  const outcomes = ({ deployments }: DeploymentSet) =>
    deployments.map(({ functionName, kind, version, status }) => `${functionName} ${kind} ${version} ${status}`)
  const codeIn = (runtime: RuntimeFixture, environment: EnvironmentName, name: string) =>
    /value: (\d+)/.exec(runtime.serves(environment, name)?.code ?? '')?.[1]

  it('puts everything that differs into an environment at one revision, and compiles nothing', async () => {
    await using place = await givenPlace('set-whole')
    await place.publish('_middleware', 'export default async (req: any, res: any, next: any) => next()')
    await place.publish('report', `export const schedule = '0 9 * * *'\n${answering(1)}`)
    await place.publish('same', answering(1))
    await place.promoteOne('same')
    await place.publish('changed', answering(1))
    await place.promoteOne('changed')
    await place.publish('changed', answering(2))
    const compiled = given.compilations()

    const set = await place.promoteAll()

    assert.equal(given.compilations(), compiled)
    assert.deepEqual(outcomes(set), ['_middleware promotion 1.0.0 SUCCESS', 'changed promotion 1.0.1 SUCCESS', 'report promotion 1.0.0 SUCCESS'])
    assert.equal(new Set(set.deployments.map(({ revision }) => revision)).size, 1)
    assert.ok(set.deployments.every(({ setId }) => setId === set.setId))
    assert.deepEqual(place.runtime.serves('staging', 'report')?.schedule, place.runtime.serves('dev', 'report')?.schedule)
    for (const name of ['_middleware', 'report', 'changed']) {
      assert.equal(place.runtime.serves('staging', name)?.code, place.runtime.serves('dev', name)?.code)
    }
    const read = await given.routes.getDeploymentSet(request<'getDeploymentSet'>({ params: { gatewayId: 'set-whole', setId: set.setId } }))
    assert.deepEqual(read, set)
    assert.equal((await problemOf(place.promoteAll())).code, 'NOTHING_TO_PROMOTE')
  })

  it('is planned before: what changes, which variables are missing, what stands against it', async () => {
    await using place = await givenPlace('set-plan')
    await place.publish('a', reading('RATE', 'URL'))
    await place.publish('b', reading('URL', 'KEY'))
    await place.publish('c', answering(1))
    await place.promoteOne('c')
    place.fixture.environments.staging = { state: 'active', phase: 'Starting' }

    const plan = await place.plan()

    assert.deepEqual(
      plan.functions.map(({ name, change, from, to }) => [name, change, from?.version, to?.version]),
      [
        ['a', 'added', '1.0.0', undefined],
        ['b', 'added', '1.0.0', undefined],
        ['c', 'same', '1.0.0', '1.0.0'],
      ],
    )
    assert.deepEqual(plan.variablesMissing, ['KEY', 'RATE', 'URL'])
    assert.deepEqual(
      plan.refusals.map(({ code, functionName }) => [code, functionName]),
      [
        ['ENVIRONMENT_NOT_STARTED', undefined],
        ['VARIABLES_MISSING', 'a'],
        ['VARIABLES_MISSING', 'b'],
      ],
    )
    const problem = await problemOf(place.promoteAll())
    assert.deepEqual(
      (problem.facts as { refusals: { code: string; functionName?: string }[] }).refusals.map(({ code, functionName }) => [code, functionName]),
      plan.refusals.map(({ code, functionName }) => [code, functionName]),
    )
    assert.equal((await place.history()).length, 4)
  })

  it('names every function that would skip a stage', async () => {
    await using place = await givenPlace('set-order')
    for (const name of ['a', 'b']) await place.publish(name, answering(1))
    const problem = await problemOf(place.promoteAll({}, 'prod'))
    assert.equal(problem.code, 'STAGE_ORDER_VIOLATED')
    assert.equal((await problemOf(place.promoteAll({ from: 'staging' }))).code, 'INPUT_INVALID')
    assert.equal((await problemOf(place.promoteAll({ functions: ['nobody'] }))).code, 'FUNCTION_NOT_FOUND')
  })

  it('takes only those that are named', async () => {
    await using place = await givenPlace('set-some')
    for (const name of ['a', 'b', 'c']) await place.publish(name, answering(1))
    assert.deepEqual(outcomes(await place.promoteAll({ functions: ['c', 'a'] })), ['a promotion 1.0.0 SUCCESS', 'c promotion 1.0.0 SUCCESS'])
    assert.equal(place.runtime.serves('staging', 'b'), undefined)
  })

  it('is taken back as a whole when one of it can not be loaded', async () => {
    await using place = await givenPlace('set-back')
    for (const name of ['a', 'b']) await place.publish(name, answering(1))
    await place.promoteAll()
    for (const name of ['a', 'b', 'new']) await place.publish(name, answering(2))
    place.runtime.refuse(({ environment, name, version }) =>
      environment === 'staging' && name === 'b' && version === '1.0.1' ? { code: 'CODE_THROWS_AT_LOAD', message: 'no' } : undefined,
    )

    const problem = await problemOf(place.promoteAll())

    place.runtime.refuse(() => undefined)
    assert.equal(problem.code, 'CODE_THROWS_AT_LOAD')
    const { set } = problem.facts as { set: DeploymentSet }
    assert.deepEqual(
      set.deployments.map(({ functionName, status, error }) => [functionName, status, error?.code]),
      [
        ['a', 'ROLLED_BACK', 'SET_TAKEN_BACK'],
        ['b', 'ROLLED_BACK', 'CODE_THROWS_AT_LOAD'],
        ['new', 'ROLLED_BACK', 'SET_TAKEN_BACK'],
      ],
    )
    assert.deepEqual(
      ['a', 'b', 'new'].map((name) => codeIn(place.runtime, 'staging', name)),
      ['1', '1', undefined],
    )
    assert.equal((await place.promoteAll()).status, 'SUCCESS')
  })

  it('takes out what the source does not serve, only when that is wanted', async () => {
    await using place = await givenPlace('set-removal', { pipeline: 'off' })
    await place.publish('old', answering(1), 'staging')
    await place.publish('a', answering(1))
    assert.equal((await place.plan()).functions.find(({ name }) => name === 'old')?.change, 'removed')
    await place.promoteAll()
    assert.equal(codeIn(place.runtime, 'staging', 'old'), '1')
    place.fixture.environments.staging.phase = 'Starting'
    const refusedAt = async (more?: { includeRemovals: 'true' }) => (await place.plan(more)).refusals.map(({ code }) => code)
    assert.deepEqual([await refusedAt(), await refusedAt({ includeRemovals: 'true' })], [[], ['ENVIRONMENT_NOT_STARTED']])
    place.fixture.environments.staging.phase = 'Started'

    const set = await place.promoteAll({ includeRemovals: true })

    assert.deepEqual(outcomes(set), ['old removal 1.0.0 SUCCESS'])
    assert.equal(place.runtime.serves('staging', 'old'), undefined)
    const { served } = await given.routes.getFunction(request<'getFunction'>({ params: { gatewayId: 'set-removal', functionId: 'old' } }))
    assert.deepEqual(served, [])
  })

  it('waits for what runs, and what comes after waits behind it', async () => {
    await using place = await givenPlace('set-waits')
    for (const name of ['a', 'b']) await place.publish(name, answering(1))
    await place.promoteAll()
    for (const name of ['a', 'b']) await place.publish(name, answering(2))
    place.runtime.freeze()
    const running = place.promoteOne('a')
    const reaches = (status: string, count: number) =>
      eventually(async () => assert.equal((await place.history()).filter((each) => each.status === status).length, count))
    await reaches('IN_PROGRESS', 1)
    const set = place.promoteAll()
    await reaches('PENDING', 2)
    const later = place.promoteOne('b')
    await reaches('PENDING', 3)

    await place.runtime.resume()

    const ended = await Promise.all([running, set, later])
    assert.deepEqual(
      ended.map(({ status }) => status),
      ['SUCCESS', 'SUCCESS', 'SUCCESS'],
    )
    const revisions = [ended[0].revision, ended[1].deployments[0]?.revision, ended[2].revision].map(Number)
    assert.deepEqual(
      revisions,
      [...revisions].sort((a, b) => a - b),
    )
  })

  it('ends beside other sets and single deployments of the same functions', async () => {
    await using place = await givenPlace('set-busy')
    const other = given.newBackend()
    const names = ['a', 'b', 'c', 'd']
    for (const name of names) await place.publish(name, answering(1))
    await place.promoteAll()
    for (const name of names) await place.publish(name, answering(2))

    const sets = [given, other, given, other].map((backend, i) => place.promoteAll(i % 2 ? { functions: ['d', 'b'] } : {}, 'staging', backend))
    const singles = names.flatMap((name) => Array.from({ length: 3 }, () => place.promoteOne(name)))
    const ended = await Promise.allSettled([...sets, ...singles])

    const codes = ended.flatMap((each) => (each.status === 'rejected' ? [(each.reason as { code: string }).code] : []))
    assert.deepEqual(
      codes.filter((code) => code !== 'DEPLOYMENT_SUPERSEDED' && code !== 'NOTHING_TO_PROMOTE'),
      [],
    )
    const history = await place.history()
    assert.deepEqual(
      history.filter(({ finishedAt }) => finishedAt === undefined),
      [],
    )
    for (const name of names) assert.equal(codeIn(place.runtime, 'staging', name), '2')
    for (const [setId, members] of Map.groupBy(history, (each) => each.setId)) {
      if (setId !== undefined) assert.equal(new Set(members.map(({ status }) => status)).size, 1, 'A set has one status')
    }
  })

  it('is ended by another backend when its own dies in the middle', async () => {
    await using place = await givenPlace('set-taken-over')
    for (const name of ['a', 'b']) await place.publish(name, answering(1))
    place.runtime.freeze()
    const dying = given.newBackend()
    const lost = place.promoteAll({}, 'staging', dying).catch(() => {})
    await eventually(async () => assert.equal((await place.history()).filter(({ status }) => status === 'IN_PROGRESS').length, 2))
    await dying.stop()
    await lost
    await place.runtime.resume()

    await eventually(async () => {
      const staged = (await place.history()).filter(({ environment }) => environment === 'staging')
      assert.deepEqual(
        staged.map(({ status }) => status),
        ['SUCCESS', 'SUCCESS'],
      )
    })
    assert.equal(codeIn(place.runtime, 'staging', 'b'), '1')
  })
})
