import { strict as assert } from 'node:assert'
import { type EnvironmentName, gatewayCollections, isWellFormedApiKey, type StoredCredential } from '@imprun/contracts'
import { createApplicationRoutes } from '../../src/applications/application-routes.ts'
import { createApplicationStore } from '../../src/applications/application-store.ts'
import { createGrantStore } from '../../src/applications/grant-store.ts'
import { createGrants, hashApiKey } from '../../src/applications/grants.ts'
import { createMemberStore } from '../../src/members/member-store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { givenFunctions, grace, problemOf, request } from '../support/given-functions.ts'
import { givenRuntime } from '../support/given-runtime.ts'

/** One gateway with one runtime, and an application that wants to call it. */
async function givenApplication({ acknowledgeDeadlineMs = 5_000 } = {}) {
  const given = await givenFunctions({ acknowledgeDeadlineMs })
  const gateway = await given.givenGateway('hometax')
  const runtime = await givenRuntime(given.database, 'hometax')
  const { database, gateways, environments, acknowledgements } = given
  const applications = createApplicationStore(database)
  const grants = createGrantStore(database)
  const shared = { database, applications, grants, clock: systemClock }
  const grantService = createGrants({ ...shared, gateways, environments, acknowledgements, acknowledgeDeadlineMs })
  const routes = createApplicationRoutes({ ...shared, grantService, gateways, members: createMemberStore(database) })
  const create = (name: string) => routes.createApplication(request<'createApplication'>({ body: { name, description: '', organization: '국세청' } }))
  const { applicationId } = await create('모바일 앱')
  return {
    ...given,
    gateway,
    runtime,
    grants,
    routes,
    applicationId,
    create,
    grant: (environment: EnvironmentName = 'dev', facts = {}) =>
      routes.createGrant(request<'createGrant'>({ body: { applicationId, gatewayId: 'hometax', environment } }, facts)),
    revoke: (grantId: string) => routes.revokeGrant(request<'revokeGrant'>({ params: { grantId } })),
    list: async () => (await routes.listApplications(request<'listApplications'>({}))).items,
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]()
      await given[Symbol.asyncDispose]()
    },
  }
}

describe('applications', () => {
  it('answer a grant when every runtime accepts the key, and a revoke when every runtime refuses it', async () => {
    await using given = await givenApplication()
    const issued = await given.grant()

    assert.ok(isWellFormedApiKey(issued.apiKey))
    assert.ok(given.runtime.accepts('dev', hashApiKey(issued.apiKey)))
    assert.equal(given.runtime.accepts('prod', hashApiKey(issued.apiKey)), false)
    assert.ok(await given.grants.isAccepted('hometax', 'dev', hashApiKey(issued.apiKey)))

    const revoked = await given.revoke(issued.grantId)

    assert.equal(revoked.state, 'revoked')
    assert.equal(given.runtime.accepts('dev', hashApiKey(issued.apiKey)), false)
    assert.equal(await given.grants.isAccepted('hometax', 'dev', hashApiKey(issued.apiKey)), false)
  })

  it('show the key once, and keep it nowhere', async () => {
    await using given = await givenApplication()
    const facts: Record<string, unknown> = {}
    const issued = await given.grant('dev', facts)
    const secret = issued.apiKey.slice(8, -4)

    const { sys } = given.database
    const kept = await Promise.all(['applications', 'applicationGrants', 'credentials'].map((name) => sys.collection(name).find().toArray()))
    const read = await given.database.gateway('hometax').collection<StoredCredential>(gatewayCollections.credentials).find().toArray()
    const shown = await given.list()

    assert.ok(!JSON.stringify([kept, read, shown, facts]).includes(secret))
    assert.equal(shown[0]?.grants[0]?.keyHint, `imp_dev_…${issued.apiKey.slice(-4)}`)
    assert.deepEqual(issued.credentialReference, { credentialId: issued.credentialId, header: 'apikey' })
    assert.match(issued.credentialId, /^hometax-dev-/)
  })

  it('hold one active grant for each environment, and a new one after a revoke', async () => {
    await using given = await givenApplication()
    const both = await Promise.allSettled([given.grant(), given.grant()])
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    assert.equal((await problemOf(given.grant())).code, 'GRANT_EXISTS')
    const [issued] = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))

    await given.revoke(issued?.grantId ?? '')
    const next = await given.grant()

    assert.notEqual(next.apiKey, issued?.apiKey)
    assert.deepEqual(
      (await given.list())[0]?.grants.map(({ state }) => state),
      ['active', 'revoked'],
    )
  })

  it('stay revoked when a runtime does not confirm, name it, and can be revoked again', async () => {
    await using given = await givenApplication({ acknowledgeDeadlineMs: 400 })
    const issued = await given.grant()
    given.runtime.freeze()

    const problem = await problemOf(given.revoke(issued.grantId))

    assert.equal(problem.code, 'RUNTIME_NOT_ACKNOWLEDGED')
    assert.deepEqual(problem.facts?.runtimes, ['runtime-1'])
    assert.equal((await given.list())[0]?.grants[0]?.state, 'revoked')
    await given.runtime.resume()
    assert.equal((await given.revoke(issued.grantId)).state, 'revoked')
    assert.equal(given.runtime.accepts('dev', hashApiKey(issued.apiKey)), false)
  })

  it('void a key that a runtime did not confirm, so that it can be asked for again', async () => {
    await using given = await givenApplication({ acknowledgeDeadlineMs: 400 })
    given.runtime.freeze()
    assert.equal((await problemOf(given.grant())).code, 'RUNTIME_NOT_ACKNOWLEDGED')

    await given.runtime.resume()

    assert.equal((await given.grant()).state, 'active')
  })

  it('grant where no runtime lives at the moment', async () => {
    await using given = await givenApplication()
    await given.givenGateway('empty')
    const { applicationId } = given
    const body = { applicationId, gatewayId: 'empty', environment: 'dev' as const }
    assert.equal((await given.routes.createGrant(request<'createGrant'>({ body }))).state, 'active')
  })

  it('revoke everything when they are deleted', async () => {
    await using given = await givenApplication()
    const keys = [await given.grant('dev'), await given.grant('prod')]

    await given.routes.deleteApplication(request<'deleteApplication'>({ params: { applicationId: given.applicationId } }))

    assert.deepEqual(await given.list(), [])
    for (const { apiKey, environment } of keys) assert.equal(given.runtime.accepts(environment, hashApiKey(apiKey)), false)
    assert.equal((await given.create('모바일 앱')).name, '모바일 앱')
  })

  it('refuse names that are taken, and what belongs to somebody else or does not exist', async () => {
    await using given = await givenApplication()
    const issued = await given.grant()
    const { applicationId, routes } = given
    const granting = (more: object) => ({ body: { applicationId, gatewayId: 'hometax', environment: 'prod' as const, ...more } })
    const refusals: [string, () => Promise<unknown>][] = [
      ['APPLICATION_NAME_TAKEN', () => given.create('모바일 앱')],
      ['APPLICATION_NOT_FOUND', () => routes.createGrant(request<'createGrant'>(granting({ applicationId: 'nothing' })))],
      ['APPLICATION_NOT_FOUND', () => routes.createGrant(request<'createGrant'>({ ...granting({}), by: grace }))],
      ['GATEWAY_NOT_FOUND', () => routes.createGrant(request<'createGrant'>(granting({ gatewayId: 'nowhere' })))],
      ['APPLICATION_NOT_FOUND', () => routes.deleteApplication(request<'deleteApplication'>({ params: { applicationId }, by: grace }))],
      ['GRANT_NOT_FOUND', () => routes.revokeGrant(request<'revokeGrant'>({ params: { grantId: issued.grantId }, by: grace }))],
      ['GRANT_NOT_FOUND', () => given.revoke('nothing')],
    ]
    for (const [code, call] of refusals) assert.equal((await problemOf(call())).code, code)
  })
})
