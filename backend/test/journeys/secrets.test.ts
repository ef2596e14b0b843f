import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type NotifierTarget, type RouteDefinition, type RouteName, routes } from '@imprun/contracts'
import { dumpDatabases } from '../support/dump-databases.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { givenHttpSink } from '../support/http-sink.ts'
import { type WatchedEvents, watchEvents } from '../support/watch-events.ts'

const gatewayId = 'discreet'
const name = 'settings'
const ofFunction = { gatewayId, functionId: name }
const code = (more = '') => `export default (req, res) => res.json({ key: imp.env.API_KEY?.length ?? 0 })${more}`
const gets = (Object.entries(routes) as [RouteName, RouteDefinition][]).filter(([, { method }]) => method === 'GET')
const streams = gets.filter(([, { kind }]) => kind === 'events')

/** What people write into fields that are secret, by what it is. */
const written = {
  variable: 'variable-never-to-be-seen',
  bot: 'bot-token-never-to-be-seen',
  address: 'address-never-to-be-seen',
  signature: `whsec_${randomBytes(24).toString('base64')}`,
}

describe('what is secret', function () {
  this.timeout(90_000)
  const undo = new AsyncDisposableStack()
  /** By what it is. */
  const secrets: Record<string, string> = { ...written }
  const answers: Record<string, string> = {}
  const watched: WatchedEvents[] = []
  const notifierIds: string[] = []
  let mongo: GivenMongo
  let backend: GivenBackend
  before(async () => {
    mongo = undo.use(await givenMongo())
    // Says where it was asked, and what with: a service may well do so.
    const telling = undo.use(
      await givenHttpSink(({ path, headers }) => {
        const description = `Cannot POST ${path} ${JSON.stringify(headers)}`
        return { status: 404, body: JSON.stringify({ ok: false, description }) }
      }),
    )
    const env = { IMPRUN_LOG_LEVEL: 'debug', IMPRUN_NOTIFY_HOSTS: '127.0.0.1', IMPRUN_TELEGRAM_API: telling.url }
    backend = undo.use(await givenBackend({ asProcess: true, env }))
    await givenGateway(backend, gatewayId)
    for (const [, route] of streams) watched.push(undo.use(await watchEvents(backend.api, route.path.replace(':gatewayId', gatewayId))))
    await givenNotifiers(telling.url)
    await givenPublished(backend, gatewayId, name, code())
  })
  after(() => undo.disposeAsync())

  async function givenNotifiers(url: string): Promise<void> {
    const targets: NotifierTarget[] = [
      { kind: 'telegram', botToken: `123456:${written.bot}`, chatId: '-1001' },
      { kind: 'slack', url: `${url}/services/T0/B0/${written.address}` },
      { kind: 'webhook', url: `${url}/hooks/${written.address}`, secret: written.signature },
    ]
    for (const target of targets) {
      const body = { name: target.kind, target, rules: { types: ['deployment.succeeded' as const] } }
      const { notifierId } = await backend.api.call('createNotifier', { params: { gatewayId }, body })
      notifierIds.push(notifierId)
    }
  }

  it('is known to whom it is for', async () => {
    const { api } = backend
    for (const environment of ['dev', 'staging'] as const) {
      const variables = { API_KEY: { value: written.variable, secret: true } }
      const answer = await api.call('patchEnvironment', { params: { gatewayId, environment }, body: { authType: 'key-auth', variables } })
      assert.deepEqual(answer.variables.API_KEY, { secret: true })
    }
    const { applicationId } = await api.call('createApplication', { body: { name: 'Shop' } })
    const { apiKey } = await api.call('createGrant', { body: { applicationId, gatewayId, environment: 'dev' } })
    const { token } = await api.call('createAccessToken', { body: { name: 'laptop', kind: 'person' } })
    Object.assign(secrets, { key: apiKey, token })

    const answer = await callFunction(backend, { gatewayId, environment: 'dev', name, apiKey })
    assert.deepEqual(answer, { status: 200, body: { key: written.variable.length } })
    assert.equal((await api.withToken(token).call('getGateway', { params: { gatewayId } })).gatewayId, gatewayId)
    for (const notifierId of notifierIds) {
      const { lastAttempt } = await api.call('testNotifier', { params: { gatewayId, notifierId } })
      assert.equal(lastAttempt?.isDelivered, false)
    }
  })

  it('is in none of the refusals that it leads to', async () => {
    const { api } = backend
    const tooLong = `${written.variable}${'x'.repeat(40_000)}`
    const refusals = [
      await api.refusal('patchEnvironment', {
        params: { gatewayId, environment: 'dev' },
        body: { variables: { 'NOT A NAME': written.variable, API_KEY: { value: tooLong, secret: true } } },
      }),
      await api.refusal('createNotifier', {
        params: { gatewayId },
        body: { name: 'Wrong', target: { kind: 'telegram', botToken: `${written.bot} without its number`, chatId: 'none' } },
      }),
      await api.withToken(`${secrets.token}x`).refusal('getAccount'),
    ]
    const { body } = await callFunction(backend, { gatewayId, environment: 'dev', name, apiKey: `${secrets.key}x` })
    answers.refusals = JSON.stringify([refusals, body])
  })

  it('is in nothing that can be asked for', async () => {
    const { api } = backend
    const first = await api.call('saveFunction', { params: ofFunction, query: { publish: 'dev' }, body: { code: code('\n// 1') } })
    const second = await api.call('saveFunction', { params: ofFunction, query: { publish: 'dev' }, body: { code: code('\n// 2') } })
    const { setId } = await api.call('promoteEnvironment', { params: { gatewayId, environment: 'staging' }, body: { from: 'dev' } })
    await eventually(async () => {
      for (const notifierId of notifierIds) {
        const { items } = await api.call('listNotifications', { params: { gatewayId, notifierId } })
        assert.ok(items.some(({ lastError }) => lastError?.includes('404')))
      }
    })
    const known = { ...ofFunction, environment: 'staging', setId, releaseId: second.deployment?.releaseId ?? '' }
    const queries: Partial<Record<RouteName, string>> = { compareReleases: `?from=${first.deployment?.releaseId}`, planPromotion: '?from=dev' }
    const read = async (path: string) => {
      const response = await api.fetch(path)
      answers[path] = await response.text()
      assert.equal(response.status, 200, `${path} answered ${answers[path]}`)
    }
    for (const notifierId of notifierIds)
      for (const [route, { path, kind }] of gets) if (kind !== 'events') await read(`${filled(path, { ...known, notifierId })}${queries[route] ?? ''}`)
    for (const path of ['/openapi.json', '/metrics', '/readyz', '/healthz']) await read(path)
    for (const { seen } of watched) await eventually(() => assert.ok(seen.some(({ type }) => type === 'deployment')))
  })

  it('is nowhere in databases, files, logs, answers and events, not even when the backend has stopped', async () => {
    const events = JSON.stringify(watched.map(({ seen }) => seen))
    for (const each of watched) await each[Symbol.asyncDispose]()
    const { output } = await backend.stop()
    assert.match(output, /imprun is ready/)
    const files = await readHome(backend.home)
    assert.match(files, /A notification was not delivered/)
    const places = { ...answers, events, output, files, databases: await dumpDatabases(mongo.database) }
    assert.equal(Object.keys(secrets).length, 6)
    for (const [place, content] of Object.entries(places))
      for (const [kind, secret] of Object.entries(secrets)) assert.ok(!content.includes(secret), `The ${kind} is in ${place}`)
  })
})

const filled = (path: string, params: Record<string, string>): string =>
  path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(params[key] ?? assert.fail(`The test knows no ${key}`)))

/** Every file of the home: logs, keys, notes. One that is gone by the time it is read tells nobody anything. */
async function readHome(home: string): Promise<string> {
  const files = (await readdir(home, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  return (await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1').catch(() => '')))).join('\n')
}
