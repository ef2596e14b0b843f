import { strict as assert } from 'node:assert'
import { createHmac } from 'node:crypto'
import type { Deployment } from '@imprun/contracts'
import type { StoredNotification } from '../../src/notifications/outbox.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenMongo } from '../support/given-mongo.ts'
import { givenHttpSink } from '../support/http-sink.ts'

const gatewayId = 'hometax'
const code = (answer: string) => `export default (req: any, res: any) => res.json({ answer: '${answer}' })`

async function givenServed({ api }: GivenBackend) {
  await api.call('createGateway', { body: { name: 'Home tax', gatewayId } })
  await eventually(async () => assert.equal((await api.call('getGateway', { params: { gatewayId } })).phase, 'Started'))
  await api.call('createFunction', { params: { gatewayId }, body: { name: 'calculateTax', code: code('one') } })
}
const publish = ({ api }: GivenBackend) => api.call('publishFunction', { params: { gatewayId, functionId: 'calculateTax' }, body: { environment: 'dev' } })
const save = ({ api }: GivenBackend, text: string) =>
  api.call('saveFunction', { params: { gatewayId, functionId: 'calculateTax' }, body: { code: text }, query: { publish: 'dev' } })
const told = { types: ['deployment.succeeded' as const] }

describe('journey: somebody is told', () => {
  it('of a deployment in the format of Telegram, Slack and a signed webhook', async () => {
    await using telegram = await givenHttpSink(() => ({ body: JSON.stringify({ ok: true, result: { message_id: 1 } }) }))
    await using slack = await givenHttpSink(() => ({ body: 'ok' }))
    await using webhook = await givenHttpSink(() => ({ status: 204 }))
    await using given = await givenBackend({ env: { IMPRUN_NOTIFY_HOSTS: '127.0.0.1', IMPRUN_TELEGRAM_API: telegram.url } })
    const { api } = given
    await givenServed(given)
    const botToken = '123456:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef'
    const params = { gatewayId }
    await api.call('createNotifier', { params, body: { name: 'Ops chat', target: { kind: 'telegram', botToken, chatId: '-1001' }, rules: told } })
    await api.call('createNotifier', { params, body: { name: 'Channel', target: { kind: 'slack', url: `${slack.url}/services/T0/B0/secret` }, rules: told } })
    const hook = await api.call('createNotifier', { params, body: { name: 'CI', target: { kind: 'webhook', url: `${webhook.url}/imprun` }, rules: told } })

    const { deploymentId } = (await publish(given)) as { deploymentId: string }

    const [toTelegram] = await telegram.received(1)
    assert.equal(toTelegram?.path, `/bot${botToken}/sendMessage`)
    assert.equal(toTelegram.json().chat_id, '-1001')
    assert.match(String(toTelegram.json().text), /Deployment succeeded\nService: hometax\/calculateTax\ncalculateTax 1\.0\.0 in dev: SUCCESS\..*\nBy ada/s)
    const [toSlack] = await slack.received(1)
    assert.match(String(toSlack?.json().text), /Service: hometax\/calculateTax/)
    assert.ok(Array.isArray(toSlack?.json().blocks))
    const [toWebhook] = await webhook.received(1)
    assert.ok(toWebhook && hook.secret)
    assert.deepEqual(toWebhook.json().data, {
      gatewayId,
      environment: 'dev',
      functionName: 'calculateTax',
      deploymentId,
      version: '1.0.0',
      by: 'ada',
      message: 'calculateTax 1.0.0 in dev: SUCCESS. Published to dev (version: 1.0.0)',
    })
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = toWebhook.headers
    assert.equal(id, toWebhook.json().id)
    const key = Buffer.from(hook.secret.slice('whsec_'.length), 'base64')
    assert.equal(signature, `v1,${createHmac('sha256', key).update(`${id}.${at}.${toWebhook.body}`).digest('base64')}`)

    const listed = JSON.stringify(await api.call('listNotifiers', { params }))
    for (const secret of [botToken, '/services/', hook.secret]) assert.ok(!listed.includes(secret))
  })

  it('again, under the same id, by a service that failed; and one that hangs delays nobody', async () => {
    await using moody = await givenHttpSink((_, count) => ({ status: count === 1 ? 500 : 200 }))
    await using hanging = await givenHttpSink(() => ({ hangs: true }))
    await using given = await givenBackend({ env: { IMPRUN_NOTIFY_HOSTS: '127.0.0.1' } })
    const { api } = given
    await givenServed(given)
    const params = { gatewayId }
    const { notifierId } = await api.call('createNotifier', { params, body: { name: 'Moody', target: { kind: 'webhook', url: moody.url }, rules: told } })
    await api.call('createNotifier', { params, body: { name: 'Hanging', target: { kind: 'webhook', url: hanging.url }, rules: told } })

    await publish(given)
    await hanging.received(1)
    // While one notifier hangs, deployments succeed and the other is told.
    const saved = await save(given, code('two'))
    assert.equal(saved.deployment?.status, 'SUCCESS')

    const requests = await moody.received(3)
    const ids = requests.map(({ headers }) => headers['webhook-id'])
    assert.equal(new Set(ids).size, 2)
    assert.equal(ids.filter((id) => id === ids[0]).length, 2)
    await eventually(async () => {
      const { items } = await api.call('listNotifications', { params: { gatewayId, notifierId } })
      assert.deepEqual(
        items.map(({ state, attempts }) => ({ state, attempts })),
        [
          { state: 'delivered', attempts: 1 },
          { state: 'delivered', attempts: 2 },
        ],
      )
    })
  })

  it('beside a service that hangs, and as many deployments succeed as without it', async () => {
    await using hanging = await givenHttpSink(() => ({ hangs: true }))
    await using given = await givenBackend({ env: { IMPRUN_NOTIFY_HOSTS: '127.0.0.1' } })
    await givenServed(given)
    const saveTen = async (text: string) => {
      const deployments: (Deployment | undefined)[] = []
      for (let i = 0; i < 10; i++) deployments.push((await save(given, code(`${text} ${i}`))).deployment)
      console.log(`      until served, ${text} it: ${deployments.map((deployment) => Math.round(deployment?.liveMs ?? Number.NaN)).join(', ')} ms`)
      return deployments.map((deployment) => deployment?.status)
    }

    const without = await saveTen('without')
    const target = { kind: 'webhook' as const, url: hanging.url }
    await given.api.call('createNotifier', { params: { gatewayId }, body: { name: 'Hanging', target, rules: told } })
    await save(given, code('first'))
    await hanging.received(1)
    const beside = await saveTen('beside')

    assert.deepEqual([without, beside], [Array(10).fill('SUCCESS'), Array(10).fill('SUCCESS')])
  })

  it('after a kill -9 of the backend between the deployment and the telling, under the same id', async () => {
    await using mongo = await givenMongo()
    await using down = await givenHttpSink(() => ({ hangs: true }))
    await using given = await givenBackend({ asProcess: true, env: { IMPRUN_NOTIFY_HOSTS: '127.0.0.1' } })
    await givenServed(given)
    const params = { gatewayId }
    const { notifierId } = await given.api.call('createNotifier', { params, body: { name: 'CI', target: { kind: 'webhook', url: down.url }, rules: told } })
    await publish(given)
    const [first] = await down.received(1)
    await given.kill()

    await using up = await givenHttpSink()
    await given.start()
    await given.api.call('patchNotifier', { params: { gatewayId, notifierId }, body: { target: { kind: 'webhook', url: up.url } } })
    // What was being sent is taken up when its lease is over; a newer deployment need not wait for that.
    await save(given, code('two'))
    const [next] = await up.received(1)
    const id = String(first?.headers['webhook-id'])
    assert.notEqual(next?.headers['webhook-id'], id)
    const stateOfFirst = async () => {
      const { items } = await given.api.call('listNotifications', { params: { gatewayId, notifierId } })
      return items.find(({ event }) => event.id === id)?.state
    }
    assert.equal(await stateOfFirst(), 'due')

    // The lease goes by the database's clock, which no test can move.
    const stored = mongo.database.sys.collection<StoredNotification>('notifications')
    const { modifiedCount } = await stored.updateOne({ _id: `${id}/${notifierId}` }, { $set: { nextAttemptAt: new Date(0) } })
    assert.equal(modifiedCount, 1)
    const [, again] = await up.received(2)
    assert.deepEqual([again?.headers['webhook-id'], again?.body], [id, first?.body])
    await eventually(async () => assert.equal(await stateOfFirst(), 'delivered'))
  })

  it('but never at a private address that nobody has opened, and a test message says so', async () => {
    await using sink = await givenHttpSink()
    await using given = await givenBackend()
    const { api } = given
    await givenServed(given)
    for (const url of [sink.url, sink.url.replace('127.0.0.1', 'localhost'), 'http://169.254.169.254/latest']) {
      const { notifierId } = await api.call('createNotifier', { params: { gatewayId }, body: { name: 'Inside', target: { kind: 'webhook', url } } })
      const { lastAttempt } = await api.call('testNotifier', { params: { gatewayId, notifierId } })
      assert.equal(lastAttempt?.isDelivered, false)
      assert.match(lastAttempt.detail, /no public address/)
    }
    assert.equal(sink.requests.length, 0)
    const refused = await api.refusal('createNotifier', { params: { gatewayId }, body: { name: 'x', target: { kind: 'slack', url: 'ftp://example.com' } } })
    assert.deepEqual(
      refused.errors?.map(({ field }) => field),
      ['target.url'],
    )
  })
})
