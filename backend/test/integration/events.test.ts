import { strict as assert } from 'node:assert'
import { type EnvironmentName, eventSchema, type ImprunEvent } from '@imprun/contracts'
import { createParser } from 'eventsource-parser'
import { createAccountStore } from '../../src/accounts/account-store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { Api } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenApi, givenApi } from '../support/given-api.ts'
import { createMovingClock } from '../support/moving-clock.ts'

/** Listens until disposed. */
async function listen(api: Api, path: string) {
  const end = new AbortController()
  const answer = await api.fetch(path, { signal: end.signal })
  assert.equal(answer.status, 200)
  const seen: ImprunEvent[] = []
  const parser = createParser({ onEvent: ({ data }) => void seen.push(eventSchema.parse(JSON.parse(data))) })
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) parser.feed(decoder.decode(chunk, { stream: true }))
  })().catch(() => {})
  return {
    seen,
    ended: reading,
    ofType: <Type extends ImprunEvent['type']>(type: Type) => seen.filter((event): event is Extract<ImprunEvent, { type: Type }> => event.type === type),
    async [Symbol.asyncDispose]() {
      end.abort()
      await reading
    },
  }
}

async function givenStranger({ api, database }: GivenApi): Promise<Api> {
  const accounts = createAccountStore({ database, clock: systemClock })
  await accounts.ensureToken('imp_user_stranger', await accounts.ensureUser('stranger'), 'test')
  return api.withToken('imp_user_stranger')
}

describe('events', () => {
  it('begins with hello and tells whole documents as they change, phases in their order', async () => {
    await using given = await givenApi()
    await using events = await listen(given.api, '/events')
    await eventually(() => assert.deepEqual(events.seen, [{ type: 'hello' }]))

    await given.api.call('createGateway', { body: { name: 'Home tax', gatewayId: 'hometax' } })
    await eventually(() => assert.equal(events.ofType('gateway').at(-1)?.gateway.phase, 'Started'))
    const order = ['Creating', 'Created', 'Starting', 'Started']
    const phases = events.ofType('gateway').map(({ gateway }) => order.indexOf(gateway.phase))
    assert.deepEqual(phases, phases.toSorted())
    assert.deepEqual(
      events
        .ofType('gateway')
        .at(-1)
        ?.gateway.environments.map(({ name, phase }) => `${name} ${phase}`),
      ['dev Started', 'staging Started', 'prod Started'],
    )

    const { applicationId } = await given.api.call('createApplication', { body: { name: 'Shop' } })
    await eventually(() => assert.equal(events.ofType('application').at(-1)?.application.applicationId, applicationId))
    const { functionId } = await given.api.call('createFunction', { params: { gatewayId: 'hometax' }, body: { name: 'f', code: 'export default () => 1' } })
    await eventually(() => assert.equal(events.ofType('function').at(-1)?.function.functionId, functionId))
    await given.api.call('deleteFunction', { params: { gatewayId: 'hometax', functionId: 'f' } })
    await eventually(() => assert.deepEqual(events.ofType('functionGone'), [{ type: 'functionGone', gatewayId: 'hometax', functionId }]))

    await given.api.call('deleteGateway', { params: { gatewayId: 'hometax' } })
    await eventually(() => assert.deepEqual(events.ofType('gatewayGone'), [{ type: 'gatewayGone', gatewayId: 'hometax' }]))
    assert.equal(events.ofType('hello').length, 1)
  })

  it('tells that a freeze begins and that it ends, although nothing was written', async () => {
    const clock = createMovingClock()
    await using given = await givenApi({ clock })
    await given.api.call('createGateway', { body: { name: 'Home tax', gatewayId: 'hometax' } })
    const hourMs = 3600_000
    const inHours = (hours: number) => new Date(clock.now().getTime() + hours * hourMs).toISOString().slice(0, 16)
    const freezing = (environment: EnvironmentName, name: string, from: number, to: number) => {
      const freezes = [{ name, timeZone: 'UTC', from: inHours(from), to: inHours(to) }]
      return given.api.call('patchEnvironment', { params: { gatewayId: 'hometax', environment }, body: { protection: { freezes } } })
    }
    await freezing('staging', 'Audit', -1, 2)
    await freezing('prod', 'Move', 2, 4)
    await using events = await listen(given.api, '/api-gateways/hometax/events')
    await eventually(async () => assert.equal((await given.api.call('getGateway', { params: { gatewayId: 'hometax' } })).phase, 'Started'))
    const before = events.ofType('gateway').length
    clock.advanceMs(2.5 * hourMs)
    await eventually(() => {
      const told = events.ofType('gateway').slice(before).at(-1)?.gateway.environments
      assert.deepEqual(
        told?.map(({ name, frozen }) => [name, frozen?.freeze]),
        [
          ['dev', undefined],
          ['staging', undefined],
          ['prod', 'Move'],
        ],
      )
    }, 15_000)
  })

  it('tells a stranger nothing, and lets nobody watch the gateway of another', async () => {
    await using given = await givenApi()
    const stranger = await givenStranger(given)
    await using theirs = await listen(stranger, '/events')
    await using ours = await listen(given.api, '/events')
    await given.api.call('createGateway', { body: { name: 'Home tax', gatewayId: 'hometax' } })
    await eventually(() => assert.equal(ours.ofType('gateway').at(-1)?.gateway.phase, 'Started'))
    assert.deepEqual(theirs.seen, [{ type: 'hello' }])
    assert.equal((await stranger.fetch('/api-gateways/hometax/events')).status, 404)
    assert.equal((await given.api.fetch('/api-gateways/nowhere/events')).status, 404)
  })

  it('tells the listeners of one gateway what its functions log, and nothing of other gateways', async () => {
    await using given = await givenApi()
    for (const gatewayId of ['hometax', 'other']) await given.api.call('createGateway', { body: { name: gatewayId, gatewayId } })
    await using events = await listen(given.api, '/api-gateways/hometax/events')
    const entry = { environment: 'dev', functionName: 'f', version: '1.0.0', level: 'info', at: new Date() }
    for (const gatewayId of ['other', 'hometax'])
      await given.database
        .gateway(gatewayId)
        .collection('__logs')
        .insertOne({ ...entry, message: `from ${gatewayId}` })
    await eventually(() =>
      assert.deepEqual(
        events.ofType('log').map(({ log }) => log.message),
        ['from hometax'],
      ),
    )
    assert.ok(events.ofType('gateway').every(({ gateway }) => gateway.gatewayId === 'hometax'))
  })

  it('ends its streams when the backend stops', async () => {
    await using given = await givenApi()
    await using events = await listen(given.api, '/events')
    await given.stop()
    await events.ended
  })
})
