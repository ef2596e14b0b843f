import { strict as assert } from 'node:assert'
import { type LogTailEvent, logTailEventSchema } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenGateway, givenPublished } from '../support/given-gateway.ts'

const code = (version: string) => `export default (req, res) => {
  for (const n of req.body.numbers) console.log('${version}', n)
  if (req.body.fails) throw new Error('broken ' + '${version}')
  res.json({})
}
`

describe('the logs of a gateway', function () {
  this.timeout(60_000)
  let backend: GivenBackend
  const gatewayId = 'logging'
  const params = { gatewayId, functionId: 'speak' }
  before(async () => {
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, 'speak', code('first'))
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const call = async (numbers: number[], more: { fails?: boolean; name?: string } = {}) => {
    const response = await fetch(`${backend.connection.edgeUrl}/${gatewayId}/dev/${more.name ?? 'speak'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ numbers, ...more }),
    })
    return { status: response.status, text: await response.text() }
  }
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

  it('come to a tail once each, across a deployment and a connection that breaks', async () => {
    const seen: string[] = []
    await using first = await openTail(backend, `/api-gateways/${gatewayId}/logs?functionName=speak`)
    await first.waitFor((events) => events.some(({ type }) => type === 'hello'))
    await call(range(0, 20))
    await first.waitFor((events) => linesOf(events).length >= 20)
    first.close()
    seen.push(...linesOf(first.events))

    await call(range(20, 40))
    await backend.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: code('second') } })
    await call(range(40, 60))
    await using next = await openTail(backend, `/api-gateways/${gatewayId}/logs?functionName=speak`, first.lastEventId())
    await call(range(60, 80))
    await next.waitFor((events) => seen.length + linesOf(events).length >= 80)
    await call([80])
    await next.waitFor((events) => linesOf(events).some((line) => line.endsWith(' 80')))
    seen.push(...linesOf(next.events))

    const expected = range(0, 81).map((n) => `${n < 40 ? 'first' : 'second'} ${n}`)
    assert.deepEqual([...seen].sort(byNumber), expected)
    assert.ok(!next.events.some(({ type }) => type === 'gap'))
  })

  it('carry a failure with the stack in its author’s file, the request, the duration and the version', async () => {
    const answer = await call([1], { fails: true })

    assert.equal(answer.status, 500)
    assert.doesNotMatch(answer.text, /broken|speak\.ts/)
    const [entry] = await eventually(async () => {
      const { items } = await backend.api.call('listLogs', { params, query: { level: 'error' } })
      assert.equal(items.length, 1)
      return items
    })
    assert.match(entry?.message ?? '', /Error: broken second\n\s+at .*speak\.ts:3:/)
    assert.ok(entry?.requestId && entry.durationMs !== undefined && entry.durationMs >= 0)
    assert.equal((JSON.parse(answer.text) as { requestId: string }).requestId, entry.requestId)
    assert.match(entry.version, /^\d+\.\d+\.\d+$/)
  })

  it('are filtered by environment, function, level, request and text', async () => {
    await givenPublished(backend, gatewayId, 'other', code('other'))
    await call([7], { name: 'other' })
    const messages = async (query: Record<string, string>) =>
      (await backend.api.call('listGatewayLogs', { params: { gatewayId }, query })).items.map(({ message }) => message)

    await eventually(async () => assert.deepEqual(await messages({ functionName: 'other' }), ['other 7']))
    assert.deepEqual(await messages({ text: 'OTHER 7' }), ['other 7'])
    assert.deepEqual(await messages({ environment: 'prod' }), [])
    assert.equal((await messages({ level: 'error' })).length, 1)
    const [{ requestId = '' } = {}] = (await backend.api.call('listGatewayLogs', { params: { gatewayId }, query: { text: 'other 7' } })).items
    assert.deepEqual(await messages({ requestId }), ['other 7'])
  })

  it('begin with what is stored since a time, and go on with what comes', async () => {
    await using tail = await openTail(backend, `/api-gateways/${gatewayId}/functions/other/logs?since=2020-01-01T00:00:00Z`)
    await tail.waitFor((events) => events.some(({ type }) => type === 'hello'))
    assert.deepEqual(linesOf(tail.events), ['other 7'])
    await call([8], { name: 'other' })
    await tail.waitFor((events) => linesOf(events).length >= 2)
    assert.deepEqual(linesOf(tail.events), ['other 7', 'other 8'])
  })

  it('say which function fails, in its view and to whoever listens', async () => {
    for (let i = 0; i < 3; i++) await call([], { fails: true })
    await eventually(async () => {
      const { served } = await backend.api.call('getFunction', { params })
      assert.ok((served[0]?.health?.failed ?? 0) >= 3)
      assert.ok((served[0]?.health?.calls ?? 0) >= 4)
    }, 15_000)
    await backend.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: code('mended') } })
    assert.equal((await backend.api.call('getFunction', { params })).served[0]?.health, undefined)
  })

  it('refuse a place that no stream has given', async () => {
    const response = await backend.api.fetch(`/api-gateways/${gatewayId}/logs`, { headers: { accept: 'text/event-stream', 'last-event-id': 'nonsense' } })
    assert.equal(response.status, 400)
    await response.body?.cancel()
  })
})

const byNumber = (a: string, b: string) => Number(a.split(' ')[1]) - Number(b.split(' ')[1])
const linesOf = (events: readonly LogTailEvent[]) => events.flatMap((event) => (event.type === 'log' ? [event.log.message] : []))

/** Reads a tail until it is closed. */
async function openTail(backend: GivenBackend, path: string, lastEventId?: string) {
  const hangUp = new AbortController()
  const response = await backend.api.fetch(path, {
    headers: { accept: 'text/event-stream', ...(lastEventId ? { 'last-event-id': lastEventId } : {}) },
    signal: hangUp.signal,
  })
  assert.equal(response.status, 200)
  const events: LogTailEvent[] = []
  let id: string | undefined
  const reading = (async () => {
    let rest = ''
    for await (const chunk of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1]
        if (data === undefined) continue
        events.push(logTailEventSchema.parse(JSON.parse(data)))
        id = /^id: (.*)$/m.exec(block)?.[1] ?? id
      }
    }
  })().catch(() => {})
  const close = () => hangUp.abort()
  return {
    events,
    lastEventId: () => id,
    close,
    waitFor: (isThere: (events: readonly LogTailEvent[]) => boolean) =>
      eventually(async () => assert.ok(isThere(events), `Not there yet: ${JSON.stringify(events.slice(-3))}`), 15_000),
    async [Symbol.asyncDispose]() {
      close()
      await reading
    },
  }
}
