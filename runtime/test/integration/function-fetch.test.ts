import { strict as assert } from 'node:assert'
import type { ServerResponse } from 'node:http'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { toWorker } from '../../src/frames/frames.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenOutside, givenOutside, givenWorkerOutside, type Handler } from '../support/given-outside.ts'
import type { WorkerUnderTest } from '../support/given-worker.ts'

const apiAddress = '93.184.216.34'
const otherAddress = '93.184.216.35'
const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))

/** A function whose body is `source`; what it returns or throws is the answer. */
const handler = (source: string): string => `export default async (req: any, res: any) => {
  try { ${source} } catch (error: any) { return { error: error.name, message: error.message, code: error.cause?.code, reason: error.cause?.reason } }
}`

describe('fetch in a function', () => {
  let api: GivenOutside
  let other: GivenOutside
  let worker: WorkerUnderTest
  /** Answers that a test keeps open. */
  const held: ServerResponse[] = []
  const handlers: Record<string, Handler> = {
    '/echo': (request, response, body) => {
      const { method, headers } = request
      response.writeHead(201, 'Made', { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] }).end(JSON.stringify({ method, headers, body }))
    },
    '/gzip': (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unpacked')),
    '/br': (_request, response) => response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync('unpacked')),
    '/deflate': (_request, response) => response.writeHead(200, { 'content-encoding': 'deflate' }).end(deflateSync('unpacked')),
    '/broken': (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('this is no gzip'),
    '/bomb': (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    '/bytes': (_request, response) => response.end(Buffer.from([0, 128, 255])),
    '/none': (_request, response) => response.writeHead(204).end(),
    '/hold': (_request, response) => held.push(response),
    '/endless': (_request, response) => {
      const write = (): void => {
        while (response.write(Buffer.alloc(65_536)));
      }
      response.on('drain', write)
      write()
    },
    '/to': (request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://x')
      response.writeHead(Number(searchParams.get('status') ?? 302), { location: searchParams.get('url') ?? '' }).end()
    },
    '/cut': (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('only this')
      setTimeout(() => response.destroy(), 20)
    },
  }
  before(async () => {
    api = await givenOutside(handlers)
    other = await givenOutside(handlers)
    worker = await givenWorkerOutside({
      names: { 'api.test': [[apiAddress]], 'other.test': [[otherAddress]], 'silent.test': [['93.184.216.36']] },
      ports: { [apiAddress]: api.port, [otherAddress]: other.port },
    })
  })
  after(async () => {
    await worker?.[Symbol.asyncDispose]()
    await api?.[Symbol.asyncDispose]()
    await other?.[Symbol.asyncDispose]()
  })
  const run = async (source: string, timeoutMs = 15_000): Promise<unknown> => JSON.parse((await (await worker.given(handler(source), { timeoutMs }))()).text)

  it('sends what it is told and reads the answer', async () => {
    const answer = await run(`
      const answer = await fetch('http://api.test/echo', { method: 'PUT', body: 'häßlich', headers: { 'X-Own': 'mine' } })
      const { method, headers, body } = await answer.json()
      return { status: answer.status, text: answer.statusText, ok: answer.ok, url: answer.url, redirected: answer.redirected, cookies: answer.headers.getSetCookie(),
        type: answer.headers.get('content-type'), method, body, own: headers['x-own'], sentType: headers['content-type'], length: headers['content-length'], host: headers.host }`)
    assert.deepEqual(answer, {
      ...{ status: 201, text: 'Made', ok: true, url: 'http://api.test/echo', redirected: false, cookies: ['a=1', 'b=2'], type: 'application/json' },
      ...{ method: 'PUT', body: 'häßlich', own: 'mine', sentType: 'text/plain;charset=UTF-8', length: '9', host: 'api.test' },
    })
  })
  it('takes a Request, and forms, bytes and JSON as body', async () => {
    const answer = await run(`
      const bodies = [new URLSearchParams({ a: 'b c' }), new Uint8Array([104, 105]), JSON.stringify({ a: 1 })]
      const answers = await Promise.all(bodies.map((body) => fetch(new Request('http://api.test/echo', { method: 'POST', body }))))
      return Promise.all(answers.map(async (answer) => (await answer.json()).body))`)
    assert.deepEqual(answer, ['a=b+c', 'hi', '{"a":1}'])
  })
  it('keeps bytes as they are', async () => {
    assert.deepEqual(await run(`return [...new Uint8Array(await (await fetch('http://api.test/bytes')).arrayBuffer())]`), [0, 128, 255])
  })
  it('reads an answer without a body', async () => {
    assert.deepEqual(await run(`const answer = await fetch('http://api.test/none'); return { status: answer.status, body: answer.body }`), {
      status: 204,
      body: null,
    })
  })
  for (const coding of ['gzip', 'br', 'deflate']) {
    it(`unpacks ${coding}, and does not say any more that it is packed`, async () => {
      const source = `const answer = await fetch('http://api.test/${coding}'); return { text: await answer.text(), coding: answer.headers.get('content-encoding') }`
      assert.deepEqual(await run(source), { text: 'unpacked', coding: null })
    })
  }
  it('hands an answer on as its own', async () => {
    const call = await worker.given(`export default () => fetch('http://api.test/gzip')`)
    const { status, text } = await call()
    assert.deepEqual([status, text], [200, 'unpacked'])
  })

  it('reads a stream piece by piece, as it comes', async () => {
    const call = await worker.given(
      handler(`
      const answer = await fetch('http://api.test/hold')
      const text = new TextDecoder()
      for await (const piece of answer.body) await res.write(text.decode(piece) + '|')
      res.end()`),
    )
    held.length = 0
    const { answer, chunks } = worker.begin((await worker.load(handler(''))).index - 1, {})
    await eventually(() => assert.equal(held.length, 1))
    held[0]?.write('one')
    await eventually(() => assert.equal(chunks.at(-1), 'one|'))
    held[0]?.end('two')
    assert.equal((await answer).text, 'one|two|')
    assert.ok(call)
  })
  it('sends a stream piece by piece', async () => {
    const answer = await run(`
      let left = 50
      const body = new ReadableStream({ pull(controller) { if (left-- > 0) controller.enqueue(new Uint8Array(100_000).fill(120)); else controller.close() } })
      const sent = await (await fetch('http://api.test/echo', { method: 'POST', body, duplex: 'half' })).json()
      return { length: sent.body.length, coding: sent.headers['transfer-encoding'] }`)
    assert.deepEqual(answer, { length: 5_000_000, coding: 'chunked' })
  })
  it('takes no more of an endless answer than is read', async () => {
    const answer = await run(`
      const reader = (await fetch('http://api.test/endless')).body.getReader()
      let bytes = 0
      while (bytes < 5e6) bytes += (await reader.read()).value.length
      await reader.cancel()
      return bytes >= 5e6`)
    assert.equal(answer, true)
  })
  it('fails on a body that is larger than it may be', async () => {
    assert.equal(((await run(`return await (await fetch('http://api.test/endless')).bytes()`)) as { code: string }).code, 'EGRESS_LIMIT')
  })
  it('fails on a body that grows too large when it is unpacked', async () => {
    assert.equal(((await run(`return await (await fetch('http://api.test/bomb')).bytes()`)) as { code: string }).code, 'EGRESS_LIMIT')
  })
  it('fails on a body that is larger than it may send', async () => {
    const source = `
      const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1e6)) })
      return await fetch('http://api.test/echo', { method: 'POST', body })`
    assert.equal(((await run(source)) as { code: string }).code, 'EGRESS_LIMIT')
  })

  describe('on redirects', () => {
    const echoOf = async (status: number, init: string): Promise<{ method: string; body: string; headers: Record<string, string> }> =>
      (await run(`return (await fetch('http://api.test/to?status=${status}&url=/echo', ${init})).json()`)) as never
    it('goes on with GET after 302 and 303, and with the same after 307', async () => {
      const post = `{ method: 'POST', body: 'mine', headers: { 'content-type': 'text/mine' } }`
      const answers = await Promise.all([302, 303, 307].map((status) => echoOf(status, post)))
      assert.deepEqual(
        answers.map(({ method, body, headers }) => [method, body, headers['content-type']]),
        [
          ['GET', '', undefined],
          ['GET', '', undefined],
          ['POST', 'mine', 'text/mine'],
        ],
      )
    })
    it('tells where it ended', async () => {
      const answer = await run(`const answer = await fetch('http://api.test/to?url=/none#part'); return { url: answer.url, redirected: answer.redirected }`)
      assert.deepEqual(answer, { url: 'http://api.test/none', redirected: true })
    })
    it('hands the redirect over when it is told to', async () => {
      const source = `const answer = await fetch('http://api.test/to?url=/none', { redirect: 'manual' }); return { status: answer.status, location: answer.headers.get('location') }`
      assert.deepEqual(await run(source), { status: 302, location: '/none' })
    })
    it('fails when it is told to', async () => {
      assert.equal(((await run(`return await fetch('http://api.test/to?url=/none', { redirect: 'error' })`)) as { error: string }).error, 'TypeError')
    })
    it('takes no credentials to another origin', async () => {
      const source = (url: string): string =>
        `return (await (await fetch('http://api.test/to?url=${encodeURIComponent(url)}', { headers: { authorization: 'Bearer x', cookie: 'a=b', 'x-own': 'y' } })).json()).headers`
      const pick = (headers: Record<string, string>): unknown[] => [headers.authorization, headers.cookie, headers['x-own']]
      assert.deepEqual(pick((await run(source('http://other.test/echo'))) as never), [undefined, undefined, 'y'])
      assert.deepEqual(pick((await run(source('http://api.test/echo'))) as never), ['Bearer x', 'a=b', 'y'])
    })
  })

  it('keeps the framing of the request to itself', async () => {
    const headers = (await run(`
      const headers = { host: 'inside.test', connection: 'upgrade', 'content-length': '1', 'transfer-encoding': 'chunked', expect: '100-continue', te: 'trailers', 'proxy-authorization': 'x' }
      return (await (await fetch('http://api.test/echo', { method: 'POST', body: 'whole', headers })).json())`)) as {
      body: string
      headers: Record<string, string>
    }
    assert.equal(headers.body, 'whole')
    assert.deepEqual(
      [headers.headers.host, headers.headers['content-length'], headers.headers.expect, headers.headers.te, headers.headers['proxy-authorization']],
      ['api.test', '5', undefined, undefined, undefined],
    )
  })

  it('fails with a TypeError that says why', async () => {
    const failures: [source: string, code: string, reason: string | undefined][] = [
      [`fetch('http://nobody.test/')`, 'EGRESS_FAILED', 'ENOTFOUND'],
      [`fetch('http://silent.test/')`, 'EGRESS_FAILED', 'ECONNREFUSED'],
      [`fetch('http://api.test/broken').then((answer) => answer.text())`, 'EGRESS_FAILED', 'Z_DATA_ERROR'],
      [`fetch('http://api.test/cut').then((answer) => answer.text())`, 'EGRESS_FAILED', 'UND_ERR_SOCKET'],
    ]
    for (const [source, code, reason] of failures) {
      const failed = (await run(`return await ${source}`)) as { error: string; code: string; reason?: string; message: string }
      assert.deepEqual([failed.error, failed.code, failed.reason], ['TypeError', code, reason], source)
      assert.doesNotMatch(failed.message, /127\.0\.0\.1|93\.184/)
    }
  })
  it('names the place in the function where it failed', async () => {
    const call = await worker.given(`export default async () => {\n  await fetch('http://nobody.test/')\n}`, { name: 'broken' })
    await assert.rejects(call())
    await worker.logged(({ message }) => message.includes('TypeError: The fetch failed: the name does not exist.') && message.includes('broken.ts:2'))
  })

  it('ends when its signal says so, before and while it reads', async () => {
    held.length = 0
    const source = `
      const waiting = fetch('http://api.test/hold', { signal: AbortSignal.timeout(50) }).catch((error) => error.name)
      const controller = new AbortController()
      const reading = fetch('http://api.test/endless', { signal: controller.signal }).then(async (answer) => { setTimeout(() => controller.abort(), 20); await answer.bytes() }).catch((error) => error.name)
      return Promise.all([waiting, reading, fetch('http://api.test/echo', { signal: AbortSignal.abort('mine') }).catch((error) => error)])`
    assert.deepEqual(await run(source), ['TimeoutError', 'AbortError', 'mine'])
    await eventually(() => assert.equal(held[0]?.destroyed, true))
  })
  it('ends when the time of a call is up whose caller has gone', async () => {
    held.length = 0
    const { index } = await worker.load(`export default () => fetch('http://api.test/hold')`, { timeoutMs: 300 })
    const { id } = worker.begin(index)
    await eventually(() => assert.equal(held.length, 1))
    worker.tell(id, toWorker.abort)
    await eventually(() => assert.equal(held[0]?.destroyed, true))
  })
  it('ends with the time that the function may take', async () => {
    const failed = (await run(`return await fetch('http://api.test/hold')`, 200)) as { code: string }
    assert.equal(failed.code, 'EGRESS_TIMED_OUT')
  })
  it('marks its call as crossed before the request leaves', async () => {
    assert.equal((await (await worker.given(`export default () => fetch('http://api.test/none')`))()).crossed, true)
    assert.equal((await (await worker.given(`export default () => 'stays inside'`))()).crossed, false)
  })

  it('may leave short answers unread as often as it likes', async () => {
    assert.equal(
      await run(`let count = 0; for (let n = 0; n < 300; n++) count += (await fetch('http://api.test/echo')).status === 201 ? 1 : 0; return count`),
      300,
    )
  })
  it('has at most 100 under way', async () => {
    const answer = await run(
      `const codes = await Promise.all(Array.from({ length: 130 }, () => fetch('http://api.test/hold').catch((error) => error.cause.code)))
      return codes`,
      500,
    )
    const codes = answer as string[]
    assert.deepEqual([codes.filter((code) => code === 'EGRESS_LIMIT').length, codes.filter((code) => code === 'EGRESS_TIMED_OUT').length], [30, 100])
  })
})
