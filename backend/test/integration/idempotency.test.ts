import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../support/eventually.ts'
import { givenApi } from '../support/given-api.ts'
import { givenBackend } from '../support/given-backend.ts'
import { givenMongo } from '../support/given-mongo.ts'

const key = (value: string) => ({ 'idempotency-key': value })

describe('Idempotency-Key', () => {
  it('gives the same call the same answer and carries it out once', async () => {
    await using given = await givenApi()
    const ask = () => given.api.ask('createApplication', { body: { name: 'Shop' }, headers: key('a-1') })
    const first = await ask()
    const second = await ask()
    assert.deepEqual([second.status, second.body], [first.status, first.body])
    assert.equal(first.headers.get('idempotent-replayed'), null)
    assert.equal(second.headers.get('idempotent-replayed'), 'true')
    assert.notEqual(second.headers.get('x-request-id'), first.headers.get('x-request-id'))
    assert.equal((await given.api.call('listApplications')).items.length, 1)
    assert.deepEqual(
      (await given.auditRecords()).map(({ facts }) => facts.isReplay === true),
      [false, true],
    )
  })

  it('lets calls at the same moment share one answer', async () => {
    await using given = await givenApi()
    const answers = await Promise.all(Array.from({ length: 5 }, () => given.api.call('createApplication', { body: { name: 'Shop' }, headers: key('a-1') })))
    assert.equal(new Set(answers.map(({ applicationId }) => applicationId)).size, 1)
  })

  it('refuses the key for another call, and keeps keys of users, and calls without key, apart', async () => {
    await using given = await givenApi()
    await given.api.call('createApplication', { body: { name: 'Shop' }, headers: key('a-1') })
    assert.equal((await given.api.refusal('createApplication', { body: { name: 'Other' }, headers: key('a-1') })).code, 'IDEMPOTENCY_KEY_REUSED')
    assert.equal((await given.api.refusal('createGateway', { body: { name: 'Shop' }, headers: key('a-1') })).code, 'IDEMPOTENCY_KEY_REUSED')
    assert.equal((await given.api.refusal('createApplication', { body: { name: 'Shop' } })).code, 'APPLICATION_NAME_TAKEN')
  })

  it('is not used up by a call that was refused', async () => {
    await using given = await givenApi()
    assert.equal((await given.api.refusal('createApplication', { body: { name: '' }, headers: key('a-1') })).code, 'INPUT_INVALID')
    await given.api.call('createApplication', { body: { name: 'Shop' }, headers: key('a-1') })
    assert.equal((await given.api.refusal('createApplication', { body: { name: 'Shop' }, headers: key('a-2') })).code, 'APPLICATION_NAME_TAKEN')
    await given.api.call('createApplication', { body: { name: 'Shop 2' }, headers: key('a-2') })
  })

  it('wants a key of visible characters', async () => {
    await using given = await givenApi()
    for (const value of ['with space', 'x'.repeat(256), '']) {
      const problem = await given.api.refusal('createApplication', { body: { name: 'Shop' }, headers: key(value) })
      assert.deepEqual(
        problem.errors?.map(({ field }) => field),
        ['header.Idempotency-Key'],
      )
    }
  })

  it('keeps the new key of a grant, and keeps it unreadable', async () => {
    await using given = await givenApi()
    await given.api.call('createGateway', { body: { name: 'Home tax', gatewayId: 'hometax' } })
    await eventually(async () => assert.equal((await given.api.call('getGateway', { params: { gatewayId: 'hometax' } })).phase, 'Started'))
    const { applicationId } = await given.api.call('createApplication', { body: { name: 'Shop' } })
    const ask = () => given.api.call('createGrant', { body: { applicationId, gatewayId: 'hometax', environment: 'dev' }, headers: key('g-1') })
    const first = await ask()
    assert.equal((await ask()).apiKey, first.apiKey)
    const kept = await given.database.sys.collection('idempotencyKeys').find().toArray()
    assert.ok(kept.length > 0)
    assert.ok(!kept.some((stored) => Buffer.from(stored.sealedAnswer?.buffer ?? []).includes(first.apiKey)))
    assert.ok(!JSON.stringify(await given.auditRecords()).includes(first.apiKey))
  })

  it('takes over the key of a backend that died in the middle, once that is certain', async () => {
    await using given = await givenApi()
    await given.api.call('createApplication', { body: { name: 'Shop' }, headers: key('a-1') })
    const keys = given.database.sys.collection('idempotencyKeys')
    await keys.updateOne({ key: 'a-1' }, { $set: { state: 'running', lockedAt: new Date() }, $unset: { sealedAnswer: 1, status: 1 } })
    const cancel = new AbortController()
    const waiting = given.api.refusal('createApplication', { body: { name: 'Shop' }, headers: key('a-1'), signal: cancel.signal })
    const isStillWaiting = await Promise.race([waiting.then(() => false), sleep(300, true)])
    assert.equal(isStillWaiting, true)
    await keys.updateOne({ key: 'a-1' }, { $set: { lockedAt: new Date(Date.now() - 10 * 60_000) } })
    assert.equal((await waiting).code, 'APPLICATION_NAME_TAKEN')
  })
})

describe('a call that was cut short by kill -9', () => {
  it('is carried out when its caller sends it again after the restart', async function () {
    this.timeout(60_000)
    await using mongo = await givenMongo()
    await using given = await givenBackend({ asProcess: true })
    await given.api.call('createApplication', { body: { name: 'Shop' }, headers: key('a-1') })
    // As it is left by a process that dies between the beginning and the end.
    const keys = mongo.database.sys.collection('idempotencyKeys')
    await keys.updateOne({ key: 'a-1' }, { $set: { state: 'running' }, $unset: { status: '', sealedAnswer: '' } })
    await given.kill()
    await given.start()
    assert.equal((await given.api.refusal('createApplication', { body: { name: 'Shop' }, headers: key('a-1') })).code, 'APPLICATION_NAME_TAKEN')
  })
})
