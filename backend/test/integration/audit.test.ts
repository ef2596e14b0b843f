import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { type RouteDefinition, type RouteName, routes } from '@imprun/contracts'
import { connectDatabase } from '../../src/database/database.ts'
import { createGatewayUsers } from '../../src/database/gateway-users.ts'
import { createSecrets } from '../../src/platform/secrets.ts'
import { givenApi } from '../support/given-api.ts'

const mutating = (Object.entries(routes) as [RouteName, RouteDefinition][]).filter(([, { method }]) => method !== 'GET')
/** MongoDB's code of what a user may not do. */
const unauthorized = 13
const pathOf = ({ path }: RouteDefinition) => path.replace(/:(\w+)/g, 'no-$1')

describe('audit', () => {
  it('holds one record of every call of a mutating route, refused ones too, and none of a read', async () => {
    await using given = await givenApi()
    for (const [, route] of mutating) {
      const answer = await given.api.fetch(pathOf(route), { method: route.method, headers: { 'content-type': 'application/json' }, body: '{}' })
      assert.ok(answer.status >= 400)
      await answer.body?.cancel()
    }
    await given.api.call('listGateways')
    const records = await given.auditRecords()
    assert.deepEqual(
      records.map(({ route }) => route),
      mutating.map(([name]) => name),
    )
    const { userId } = await given.api.call('getAccount')
    for (const record of records) {
      assert.equal(record.userId, userId)
      assert.equal(record.actor, 'ada')
      assert.match(record.ip, /127\.0\.0\.1/)
      assert.ok(record.code && record.status >= 400 && record.tokenId && record.requestId && record.at instanceof Date)
    }
    assert.deepEqual(records.find(({ route }) => route === 'deleteGateway')?.params, { gatewayId: 'no-gatewayId' })
  })

  it('records what was done, by whom, under the request id of the answer', async () => {
    await using given = await givenApi()
    const { headers, body } = await given.api.ask('createGateway', { body: { name: 'Home tax', gatewayId: 'hometax' } })
    const [record] = await given.auditRecords()
    assert.deepEqual(record?.facts, { gatewayId: body.gatewayId })
    assert.equal(record?.status, 202)
    assert.equal(record?.code, undefined)
    assert.equal(record?.requestId, headers.get('x-request-id'))
  })

  it('records a caller who is not signed in as nobody', async () => {
    await using given = await givenApi()
    await given.api.withToken('imp_user_nobody').refusal('createApplication', { body: { name: 'a' } })
    const [record] = await given.auditRecords()
    assert.equal(record?.code, 'SIGN_IN_REQUIRED')
    assert.equal(record && 'userId' in record, false)
  })

  it('is read newest first by those who administer the gateway, page by page, and nobody else', async () => {
    await using given = await givenApi()
    const { api } = given
    await api.call('createGateway', { body: { name: 'Home tax', gatewayId: 'hometax' } })
    await api.refusal('publishFunction', { params: { gatewayId: 'hometax', functionId: 'none' }, body: { environment: 'dev' } })
    await api.call('createApplication', { body: { name: 'elsewhere' } })
    const params = { gatewayId: 'hometax' }

    const first = await api.call('listGatewayAudit', { params, query: { limit: 1 } })
    assert.deepEqual(
      first.items.map(({ route, code }) => ({ route, code })),
      [{ route: 'publishFunction', code: 'FUNCTION_NOT_FOUND' }],
    )
    const second = await api.call('listGatewayAudit', { params, query: { limit: 1, ...(first.nextCursor ? { cursor: first.nextCursor } : {}) } })
    assert.deepEqual(
      second.items.map(({ route }) => route),
      ['createGateway'],
    )
    const { items } = await api.call('listGatewayAudit', { params, query: { result: 'refused' } })
    assert.equal(items.length, 1)
    assert.ok((await api.call('listAudit')).items.some(({ route }) => route === 'createApplication'))

    const { token } = await api.call('createUser', { body: { name: 'mallory' } })
    assert.equal((await api.withToken(token).refusal('listGatewayAudit', { params })).code, 'GATEWAY_NOT_FOUND')
    assert.equal((await api.withToken(token).refusal('listAudit')).code, 'FORBIDDEN')
  })

  it('is out of reach for the MongoDB users of runtimes and functions', async () => {
    await using given = await givenApi()
    await given.api.call('createApplication', { body: { name: 'Shop' } })
    const users = createGatewayUsers({ database: given.database, secrets: createSecrets(randomBytes(32)) })
    const { uri: ofFront } = await users.ensureFrontUser('audited')
    await users.allowFront('audited')
    await users.ensureEnvironmentUser('audited', 'dev', 'separate')
    await users.ensureEnvironmentUser('audited', 'prod', 'shared')
    const before = await given.auditRecords()
    assert.equal(before.length, 1)

    for (const uri of [ofFront, users.environmentUri('audited', 'dev'), users.environmentUri('audited', 'prod')]) {
      await using stack = new AsyncDisposableStack()
      const { sys } = stack.adopt(await connectDatabase(uri), (connected) => connected.close())
      const records = sys.collection('auditLog')
      const attempts: Record<string, () => Promise<unknown>> = {
        read: () => records.findOne(),
        add: () => records.insertOne({ actor: 'nobody' }),
        change: () => records.updateMany({}, { $set: { actor: 'nobody' } }),
        replace: () => records.findOneAndReplace({}, { actor: 'nobody' }),
        remove: () => records.deleteMany({}),
        drop: () => records.drop(),
      }
      for (const [name, attempt] of Object.entries(attempts)) await assert.rejects(attempt, { code: unauthorized }, name)
    }
    assert.deepEqual(await given.auditRecords(), before)
  })

  it('has no route that changes or removes a record', () => {
    const touching = (Object.entries(routes) as [RouteName, RouteDefinition][]).filter(([, { tag, path }]) => tag === 'audit' || path.includes('audit'))
    assert.ok(touching.length > 0)
    for (const [name, { method }] of touching) assert.equal(method, 'GET', name)
  })
})
