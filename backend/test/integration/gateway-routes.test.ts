import { strict as assert } from 'node:assert'
import { createGatewaySchema, environmentSchema, gatewaySchema, type ImprunError, isImprunError, pageQuerySchema } from '@imprun/contracts'
import { createTurns } from '../../src/database/turns.ts'
import { createEnvironmentRoutes, type RuntimesPort } from '../../src/environments/environment-routes.ts'
import { createGatewayRoutes } from '../../src/gateways/gateway-routes.ts'
import type { Caller } from '../../src/http/handlers.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { createQuotas } from '../../src/quotas/quotas.ts'
import { createRegionStore } from '../../src/regions/region-store.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenLifecycleOptions, givenLifecycle, owner } from '../support/given-lifecycle.ts'

const stranger: Caller = { userId: 'user-2', name: 'eve' }

/** The routes of gateways and environments as the HTTP layer calls them. */
async function givenRoutes(options: GivenLifecycleOptions & { acknowledge?: RuntimesPort['waitForRuntimes'] } = {}) {
  const given = await givenLifecycle(options)
  const { gateways, environments, settings, variables, variableHistory, views, addresses, instances, regionChecks, protect, guardProtected } = given
  const regions = createRegionStore(given.database)
  const quotas = createQuotas({
    ...given,
    turns: createTurns(given.database),
    settings: { gatewaysPerUser: 100, functionsPerGateway: 100, dataMbPerEnvironment: undefined },
  })
  const runtimes: RuntimesPort = { waitForRuntimes: options.acknowledge ?? (async () => ({ outcome: 'applied' })) }
  const routes = {
    ...createGatewayRoutes({ gateways, environments, instances, regions, regionChecks, views, quotas, clock: systemClock }),
    ...createEnvironmentRoutes({
      ...{ gateways, environments, instances, settings, variables, variableHistory, runtimes },
      ...{ addresses, protect, guardProtected, clock: systemClock },
    }),
  }
  const facts: Record<string, unknown>[] = []
  const request = (account: Caller = owner) => ({
    params: {} as never,
    query: pageQuerySchema.parse({}),
    body: undefined,
    account,
    requestId: 'request-1',
    receivedAtMs: systemClock.monotonicMs(),
    signal: new AbortController().signal,
    audit: (more: Record<string, unknown>) => void facts.push(more),
  })
  return {
    ...given,
    facts,
    create: (body: object, account?: Caller) => routes.createGateway({ ...request(account), body: createGatewaySchema.parse(body), query: {} }),
    list: (query: object, account?: Caller) => routes.listGateways({ ...request(account), query: pageQuerySchema.parse(query) }),
    get: (gatewayId: string, account?: Caller) => routes.getGateway({ ...request(account), params: { gatewayId }, query: {} }),
    patch: (gatewayId: string, body: { name?: string; state?: 'active' | 'inactive' }, account?: Caller) =>
      routes.patchGateway({ ...request(account), params: { gatewayId }, body, query: {} }),
    remove: (gatewayId: string, account?: Caller) => routes.deleteGateway({ ...request(account), params: { gatewayId }, query: { force: 'false' } }),
    retry: (gatewayId: string, account?: Caller) => routes.retryGateway({ ...request(account), params: { gatewayId }, query: {} }),
    getEnvironment: (gatewayId: string, environment: string, account?: Caller) =>
      routes.getEnvironment({ ...request(account), params: { gatewayId, environment }, query: {} }),
    patchEnvironment: (gatewayId: string, environment: string, authType: 'none' | 'key-auth', account?: Caller) =>
      routes.patchEnvironment({ ...request(account), params: { gatewayId, environment }, body: { authType }, query: {} }),
    stopEnvironment: (gatewayId: string, environment: string) =>
      routes.patchEnvironment({ ...request(), params: { gatewayId, environment }, body: { state: 'inactive' }, query: {} }),
    retryEnvironment: (gatewayId: string, environment: string) => routes.retryEnvironment({ ...request(), params: { gatewayId, environment }, query: {} }),
    force: (gatewayId: string) => routes.deleteGateway({ ...request(), params: { gatewayId }, query: { force: 'true' } }),
    [Symbol.asyncDispose]: () => given[Symbol.asyncDispose](),
  }
}

const refusedAs =
  (code: ImprunError['code'], check: (error: ImprunError) => void = () => {}) =>
  (error: unknown) => {
    assert.ok(isImprunError(error), String(error))
    assert.equal(error.code, code)
    check(error)
    return true
  }

describe('the routes of gateways', function () {
  this.timeout(60_000)

  it('answer a new gateway at once, with its environments, in the shape of the API', async () => {
    await using given = await givenRoutes({ isStopped: true })
    const gateway = await given.create({ name: 'Home Tax' })
    gatewaySchema.parse(gateway)
    assert.equal(gateway.gatewayId, 'home-tax')
    assert.equal(gateway.phase, 'Creating')
    assert.deepEqual(
      gateway.environments.map(({ name, phase, nextAttemptAt }) => ({ name, phase, nextAttemptAt })),
      ['dev', 'staging', 'prod'].map((name) => ({ name, phase: 'Creating', nextAttemptAt: undefined })),
    )
    assert.deepEqual(given.facts, [{ gatewayId: 'home-tax' }])
  })

  it('refuse a taken id, to strangers too, and name one that is free', async () => {
    await using given = await givenRoutes({ isStopped: true })
    await given.create({ name: 'hometax' })
    await assert.rejects(
      given.create({ name: 'Hometax' }, stranger),
      refusedAs('GATEWAY_ID_TAKEN', ({ facts }) => assert.deepEqual(facts, { suggestion: 'hometax-2' })),
    )
    await given.create({ name: 'x', gatewayId: 'hometax-2' })
    await assert.rejects(
      given.create({ name: 'hometax' }),
      refusedAs('GATEWAY_ID_TAKEN', ({ facts }) => assert.deepEqual(facts, { suggestion: 'hometax-3' })),
    )
    assert.equal((await given.list({})).items.length, 2)
    assert.equal((await given.environments.listOf('hometax')).length, 3)
  })

  it('give one of many that ask for the same id at once', async () => {
    await using given = await givenRoutes({ isStopped: true })
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => given.create({ name: 'hometax' })))
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const answer of answers) if (answer.status === 'rejected') assert.equal(answer.reason.code, 'GATEWAY_ID_TAKEN')
  })

  it('refuse a region that does not exist, naming the field', async () => {
    await using given = await givenRoutes({ isStopped: true })
    await assert.rejects(
      given.create({ name: 'hometax', regionId: 'mars' }),
      refusedAs('INPUT_INVALID', ({ errors }) => assert.equal(errors?.[0]?.field, 'regionId')),
    )
  })

  it("hide somebody else's gateway", async () => {
    await using given = await givenRoutes({ isStopped: true })
    await given.create({ name: 'hometax' })
    for (const call of [given.get, given.remove, given.retry]) await assert.rejects(call('hometax', stranger), refusedAs('GATEWAY_NOT_FOUND'))
    await assert.rejects(given.patch('hometax', { name: 'mine' }, stranger), refusedAs('GATEWAY_NOT_FOUND'))
    await assert.rejects(given.getEnvironment('hometax', 'dev', stranger), refusedAs('GATEWAY_NOT_FOUND'))
    await assert.rejects(given.patchEnvironment('hometax', 'dev', 'none', stranger), refusedAs('GATEWAY_NOT_FOUND'))
    assert.deepEqual((await given.list({}, stranger)).items, [])
  })

  it('list by name, page by page, and by a part of the name', async () => {
    await using given = await givenRoutes({ isStopped: true })
    for (const name of ['delta', 'Alpha', 'charlie', 'bravo', 'alpha'])
      await given.create({ name, gatewayId: `${name.toLowerCase()}-${name === 'Alpha' ? 1 : 2}` })
    const names: string[] = []
    let cursor: string | undefined
    do {
      const page = await given.list({ limit: 2, ...(cursor ? { cursor } : {}) })
      assert.ok(page.items.length <= 2)
      names.push(...page.items.map(({ name }) => name))
      cursor = page.nextCursor
    } while (cursor)
    assert.deepEqual(names, ['Alpha', 'alpha', 'bravo', 'charlie', 'delta'])
    assert.deepEqual(
      (await given.list({ filter: 'ALPH' })).items.map(({ name }) => name),
      ['Alpha', 'alpha'],
    )
    assert.deepEqual((await given.list({ filter: '.*' })).items, [])
    assert.equal((await given.list({ cursor: 'no cursor of ours' })).items.length, 5)
  })

  it('change nothing any more once the gateway is being deleted, and delete only once', async () => {
    await using given = await givenRoutes({ isStopped: true })
    await given.create({ name: 'hometax' })
    assert.equal((await given.remove('hometax')).state, 'deleted')
    assert.equal((await given.remove('hometax')).state, 'deleted')
    await assert.rejects(given.patch('hometax', { state: 'active' }), refusedAs('GATEWAY_BEING_DELETED'))
    await assert.rejects(given.patchEnvironment('hometax', 'dev', 'key-auth'), refusedAs('GATEWAY_BEING_DELETED'))
    await given.lifecycle.start()
    await given.isGone('hometax')
    await assert.rejects(given.get('hometax'), refusedAs('GATEWAY_NOT_FOUND'))
  })

  it('rename, stop and start', async () => {
    await using given = await givenRoutes()
    await given.create({ name: 'hometax' })
    await given.reaches('hometax', 'Started')
    assert.equal((await given.patch('hometax', { name: 'Home' })).name, 'Home')
    await given.patch('hometax', { state: 'inactive' })
    await given.reaches('hometax', 'Stopped')
    await given.patch('hometax', { state: 'active' })
    await given.reaches('hometax', 'Started')
  })

  it('tell how a deletion goes on, and let it be forced', async () => {
    await using given = await givenRoutes({ limits: { tickMs: 3_600_000 }, isStopped: true })
    await given.create({ name: 'hometax' })
    const { deletion } = gatewaySchema.parse(await given.remove('hometax'))
    assert.equal(deletion?.isOverdue, false)
    assert.ok(deletion.leftovers.includes('database gatewayid_hometax'))
    assert.equal((await given.force('hometax')).deletion?.deadlineAt, deletion.deadlineAt)
    assert.deepEqual(given.facts.at(-1), { isForced: true })
    assert.equal((await given.gateways.find('hometax'))?.deletion?.isForced, true)
  })

  it('have a failing environment tried again at once', async () => {
    await using given = await givenRoutes()
    given.driver.failWith(new Error('broken'))
    await given.create({ name: 'hometax' })
    await eventually(async () => assert.ok((await given.get('hometax')).environments.every(({ attempts }) => attempts === 1)))
    given.driver.heal()
    const answer = await given.retry('hometax')
    assert.ok(answer.environments.every(({ attempts, isStalled, lastError }) => attempts === 0 && !isStalled && !lastError))
    await given.reaches('hometax', 'Started')
  })
})

describe('the routes of environments', function () {
  this.timeout(60_000)

  it('stop one by itself, without waiting for runtimes', async () => {
    await using given = await givenRoutes({ acknowledge: () => assert.fail('Nobody has to acknowledge that.') })
    await given.create({ name: 'hometax' })
    await given.reaches('hometax', 'Started')
    assert.equal((await given.stopEnvironment('hometax', 'dev')).state, 'inactive')
    await eventually(async () => assert.equal((await given.getEnvironment('hometax', 'dev')).phase, 'Stopped'))
    assert.equal((await given.getEnvironment('hometax', 'prod')).phase, 'Started')
  })

  it('have one failing environment tried again at once', async () => {
    await using given = await givenRoutes()
    given.driver.failWith(new Error('broken'))
    await given.create({ name: 'hometax' })
    await eventually(async () => assert.ok((await given.get('hometax')).environments.every(({ attempts }) => attempts >= 1)))
    given.driver.heal()
    const { attempts, isStalled, lastError } = await given.retryEnvironment('hometax', 'dev')
    assert.deepEqual({ attempts, isStalled, lastError }, { attempts: 0, isStalled: false, lastError: undefined })
    await eventually(async () => assert.equal((await given.getEnvironment('hometax', 'dev')).phase, 'Started'))
  })

  it('answer a change of authorisation once every runtime has acknowledged it', async () => {
    const asked: unknown[] = []
    await using given = await givenRoutes({
      acknowledge: async (gatewayId, environment, revision) => {
        const [stored] = await given.database.gateway(gatewayId).collection('__environments').find({ environment }).toArray()
        asked.push([gatewayId, environment, stored?.authType, stored?.revision === revision])
        return { outcome: 'applied' }
      },
    })
    await given.create({ name: 'hometax' })
    await given.reaches('hometax', 'Started')
    const environment = await given.patchEnvironment('hometax', 'prod', 'key-auth')
    environmentSchema.parse(environment)
    assert.equal(environment.authType, 'key-auth')
    assert.deepEqual(asked, [['hometax', 'prod', 'key-auth', true]])
    assert.equal((await given.getEnvironment('hometax', 'prod')).authType, 'key-auth')
    assert.equal((await given.getEnvironment('hometax', 'dev')).authType, 'none')
  })

  it('name the runtimes that have not acknowledged in time', async () => {
    await using given = await givenRoutes({ acknowledge: async () => ({ outcome: 'late', runtimeIds: ['runtime-7'] }) })
    await given.create({ name: 'hometax' })
    await given.reaches('hometax', 'Started')
    await assert.rejects(
      given.patchEnvironment('hometax', 'dev', 'key-auth'),
      refusedAs('RUNTIME_NOT_ACKNOWLEDGED', ({ facts, message }) => {
        assert.deepEqual(facts, { runtimeIds: ['runtime-7'] })
        assert.match(message, /runtime-7/)
      }),
    )
  })

  it('refuse an environment that does not exist', async () => {
    await using given = await givenRoutes({ isStopped: true })
    await given.create({ name: 'hometax' })
    await assert.rejects(given.getEnvironment('hometax', 'qa'), refusedAs('ENVIRONMENT_NOT_FOUND'))
  })
})
