import { strict as assert } from 'node:assert'
import { type MemberRole, roles } from '@imprun/contracts'
import type { Api } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenApi, givenApi } from '../support/given-api.ts'
import { givenGateway } from '../support/given-gateway.ts'
import { givenMember, givenPerson, type Person } from '../support/given-people.ts'
import { type WatchedEvents, watchEvents } from '../support/watch-events.ts'

const gatewayId = 'shared'
const params = { gatewayId }
const dev = { gatewayId, environment: 'dev' }

describe('people of a gateway', () => {
  let given: GivenApi
  const people = new Map<MemberRole, Person | { api: Api }>()
  before(async () => {
    given = await givenApi()
    await givenGateway(given, gatewayId)
    await given.api.call('createFunction', { params, body: { name: 'calculateTax', code: 'export default () => 1' } })
    people.set('owner', given)
    for (const role of ['admin', 'developer', 'approver', 'viewer'] as const) people.set(role, await givenMember(given, gatewayId, role, role))
  })
  after(() => given?.[Symbol.asyncDispose]())
  const apiOf = (role: MemberRole): Api => {
    const person = people.get(role)
    assert.ok(person)
    return person.api
  }

  const calls: [string, readonly MemberRole[], (api: Api) => Promise<unknown>][] = [
    ['read the gateway', roles, (api) => api.call('getGateway', { params })],
    ['list the functions', roles, (api) => api.call('listFunctions', { params })],
    ['list the members', roles, (api) => api.call('listMembers', { params })],
    ['read the history', roles, (api) => api.call('listGatewayDeployments', { params })],
    [
      'save a function',
      ['owner', 'admin', 'developer'],
      (api) => api.call('saveFunction', { params: { gatewayId, functionId: 'calculateTax' }, body: { code: 'export default () => 2' } }),
    ],
    ['read the history of variables', roles, (api) => api.call('listVariableVersions', { params: dev })],
    ['retry the gateway', ['owner', 'admin', 'developer'], (api) => api.call('retryGateway', { params })],
    ['lift a hold', ['owner', 'admin', 'developer'], (api) => api.call('releaseHold', { params: dev, body: { reason: 'mended' } })],
    ['rename the gateway', ['owner', 'admin'], (api) => api.call('patchGateway', { params, body: { name: 'shared' } })],
    ['protect an environment', ['owner', 'admin'], (api) => api.call('patchEnvironment', { params: dev, body: { protection: { freezes: [] } } })],
  ]
  for (const [what, allowed, call] of calls)
    for (const role of roles) {
      const isAllowed = allowed.includes(role)
      it(`${isAllowed ? 'let' : 'do not let'} the ${role} ${what}`, async () => {
        if (isAllowed) return void (await call(apiOf(role)))
        await assert.rejects(call(apiOf(role)), ({ problem }: { problem: { code: string; detail: string; facts: { needed: string[] } } }) => {
          assert.equal(problem.code, 'FORBIDDEN')
          assert.deepEqual(problem.facts.needed.toSorted(), allowed.toSorted())
          assert.match(problem.detail, new RegExp(`you are ${role};.*${allowed.at(-1)}`))
          return true
        })
      })
    }

  it('let only owner and admins change what a protected environment goes by, or take away what it serves', async () => {
    const prod = { gatewayId, environment: 'prod' }
    const functionId = 'servedInProd'
    await given.api.call('createFunction', { params, body: { name: functionId, code: 'export default () => 1' } })
    await given.database.sys
      .collection('functions')
      .updateOne({ gatewayId, name: functionId }, { $set: { 'served.prod': { releaseId: 'r', version: '1.0.0' } } })
    await given.api.call('patchEnvironment', { params: prod, body: { protection: { approvals: 1 } } })
    const developer = apiOf('developer')
    const refused = [
      await developer.refusal('patchEnvironment', { params: prod, body: { variables: { RATE: '1' } } }),
      await developer.refusal('revertVariables', { params: prod, body: { version: 1 } }),
      await developer.refusal('patchEnvironment', { params: prod, body: { state: 'active' } }),
      await developer.refusal('deleteFunction', { params: { gatewayId, functionId } }),
    ]
    assert.deepEqual(
      refused.map(({ code }) => code),
      ['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN'],
    )
    await developer.call('patchEnvironment', { params: dev, body: { state: 'active' } })
    await apiOf('admin').call('patchEnvironment', { params: prod, body: { state: 'active' } })
    await apiOf('admin').call('deleteFunction', { params: { gatewayId, functionId } })
    await given.api.call('patchEnvironment', { params: prod, body: { protection: { approvals: 0 } } })
  })

  it('let nobody but the owner delete it', async () => {
    const { code, facts } = await apiOf('admin').refusal('deleteGateway', { params })
    assert.deepEqual([code, facts?.needed], ['FORBIDDEN', ['owner']])
  })

  it('are all that can see it: to a stranger it is not there', async () => {
    const { api } = await givenPerson(given, 'stranger')
    for (const [what, , call] of calls)
      await assert.rejects(call(api), ({ problem }: { problem: { code: string } }) => {
        assert.equal(problem.code, 'GATEWAY_NOT_FOUND', what)
        return true
      })
    assert.deepEqual((await api.call('listGateways')).items, [])
  })

  it('have the same rights by a service token, but for what only a person may do', async () => {
    const { service, userId } = await givenMember(given, gatewayId, 'robot', 'admin')
    await service.call('saveFunction', { params: { gatewayId, functionId: 'calculateTax' }, body: { code: 'export default () => 3' } })
    for (const refusal of [
      service.refusal('patchEnvironment', { params: dev, body: { protection: { freezes: [] } } }),
      service.refusal('putMember', { params: { gatewayId, userId }, body: { role: 'viewer' } }),
      service.refusal('createUser', { body: { name: 'friend' } }),
    ])
      assert.match((await refusal).detail, /service token may not/)
  })

  it('are the owner first, then the others by name, and the owner stays', async () => {
    const { items } = await given.api.call('listMembers', { params })
    assert.deepEqual(
      items.slice(0, 3).map(({ name, role }) => `${name}: ${role}`),
      ['ada: owner', 'admin: admin', 'approver: approver'],
    )
    const userId = items[0]?.userId ?? ''
    assert.equal((await given.api.refusal('deleteMember', { params: { gatewayId, userId } })).code, 'INPUT_INVALID')
    assert.equal((await given.api.refusal('putMember', { params: { gatewayId, userId: 'nobody' }, body: { role: 'viewer' } })).code, 'USER_NOT_FOUND')
  })

  it('see it in their lists and streams from when they are let in until they are taken out', async () => {
    const { api, userId } = await givenPerson(given, 'guest')
    await using events = await watchEvents(api)
    await using others = await watchEvents(given.api)
    const hears = ({ seen }: WatchedEvents, name: string) => seen.some((event) => event.type === 'function' && event.function.name === name)
    const heard = (name: string) => hears(events, name)
    const createFunction = (name: string) => given.api.call('createFunction', { params, body: { name, code: 'export default () => 1' } })
    await createFunction('before')
    await eventually(() => assert.ok(hears(others, 'before')))
    await given.api.call('putMember', { params: { gatewayId, userId }, body: { role: 'viewer' } })
    await eventually(async () => assert.ok(events.seen.filter(({ type }) => type === 'hello').length > 1))
    assert.deepEqual(
      (await api.call('listGateways')).items.map((gateway) => gateway.gatewayId),
      [gatewayId],
    )
    await createFunction('during')
    await eventually(async () => assert.ok(heard('during')))

    await given.api.call('deleteMember', { params: { gatewayId, userId } })
    assert.equal((await api.refusal('getGateway', { params })).code, 'GATEWAY_NOT_FOUND')
    const hellos = events.seen.filter(({ type }) => type === 'hello').length
    await eventually(async () => assert.ok(events.seen.filter(({ type }) => type === 'hello').length >= hellos))
    await createFunction('after')
    await eventually(() => assert.ok(hears(others, 'after')))
    assert.deepEqual([heard('before'), heard('after')], [false, false])
  })

  it('are hung up on when they are taken out, whatever of the gateway they listen to', async () => {
    const { api, userId } = await givenMember(given, gatewayId, 'listener', 'viewer')
    const stays = await givenMember(given, gatewayId, 'stays', 'admin')
    const paths = [`/api-gateways/${gatewayId}/events`, `/api-gateways/${gatewayId}/logs`, `/api-gateways/${gatewayId}/functions/calculateTax/logs`]
    const listen = async (theirs: Api, path: string) => {
      const { body, status } = await theirs.fetch(path, { headers: { accept: 'text/event-stream' } })
      assert.equal(status, 200)
      const reader = body?.getReader() ?? assert.fail('There is no stream.')
      const ended = (async () => {
        while (!(await reader.read()).done);
      })()
      return { ended, cancel: () => reader.cancel() }
    }
    const others = await Promise.all(paths.map((path) => listen(stays.api, path)))
    const streams = await Promise.all(paths.map((path) => listen(api, path)))

    await given.api.call('putMember', { params: { gatewayId, userId: stays.userId }, body: { role: 'viewer' } })
    await given.api.call('deleteMember', { params: { gatewayId, userId } })
    await Promise.all(streams.map(({ ended }) => ended))

    const isOver = await Promise.race([...others.map(({ ended }) => ended.then(() => true)), Promise.resolve(false)])
    assert.equal(isOver, false, 'a role that still reads goes on reading')
    await Promise.all(others.map(({ cancel }) => cancel()))
  })

  it('lose what a role let them do with the next request', async () => {
    const { api, userId } = await givenMember(given, gatewayId, 'demoted', 'developer')
    const save = { params: { gatewayId, functionId: 'calculateTax' }, body: { code: 'export default () => 4' } }
    await api.call('saveFunction', save)
    await given.api.call('putMember', { params: { gatewayId, userId }, body: { role: 'viewer' } })
    assert.equal((await api.refusal('saveFunction', save)).code, 'FORBIDDEN')
  })

  it('see who holds keys for it, and may revoke them with a role that changes', async () => {
    const developer = await givenMember(given, gatewayId, 'keeper', 'developer')
    const { applicationId } = await developer.api.call('createApplication', { body: { name: 'Partner' } })
    const { grantId } = await developer.api.call('createGrant', { body: { applicationId, gatewayId, environment: 'dev' } })
    for (const api of [given.api, apiOf('viewer')]) {
      const { items } = await api.call('listApplications')
      assert.deepEqual(
        items.find((application) => application.applicationId === applicationId)?.grants.map((grant) => grant.grantId),
        [grantId],
      )
    }
    assert.equal((await apiOf('viewer').refusal('revokeGrant', { params: { grantId } })).code, 'FORBIDDEN')
    const { api } = await givenPerson(given, 'outsider')
    assert.equal((await api.refusal('revokeGrant', { params: { grantId } })).code, 'GRANT_NOT_FOUND')
    assert.equal((await given.api.call('revokeGrant', { params: { grantId } })).state, 'revoked')
  })
})

describe('people of an installation', () => {
  it('are added by an administrator, each with a first token, which is shown once', async () => {
    await using given = await givenApi()
    assert.equal((await given.api.call('getAccount')).isAdmin, true)
    const { userId, token } = await given.api.call('createUser', { body: { name: 'grace' } })
    const grace = given.api.withToken(token)
    assert.deepEqual(await grace.call('getAccount'), { userId, name: 'grace', isAdmin: false })
    assert.equal((await grace.refusal('createUser', { body: { name: 'eve' } })).code, 'FORBIDDEN')
    assert.equal((await given.api.refusal('createUser', { body: { name: 'grace' } })).code, 'USER_NAME_TAKEN')
    const { items } = await grace.call('listUsers')
    assert.deepEqual(
      items.map(({ name, isAdmin }) => [name, isAdmin]),
      [
        ['ada', true],
        ['grace', false],
      ],
    )
    assert.ok(!JSON.stringify([items, await given.auditRecords()]).includes(token))
  })
})
