import { strict as assert } from 'node:assert'
import type { Problem } from '@imprun/contracts'
import { servedForSuite } from '../support/for-suite.ts'
import { requestAs, sendBytes, statusesIn } from '../support/raw-http.ts'

const echo = `export default async (req, res) => res.json({ method: req.method, path: req.path, query: req.query, body: req.body, headers: req.headers, id: req.id })`

describe('routing', () => {
  const given = servedForSuite()
  before(async () => {
    await given().publishAndWait('echo', echo)
    await given().publishAndWait('orders/list', echo)
    await given().publishAndWait('reads', echo, { methods: ['GET', 'DELETE'] })
    await given().publishAndWait('small', echo, { limits: { bodyBytesMax: 10 } })
  })

  const problemOf = async (response: Response): Promise<Problem> => {
    assert.equal(response.headers.get('content-type'), 'application/problem+json')
    const problem = (await response.json()) as Problem
    assert.equal(problem.status, response.status)
    assert.equal(problem.requestId, response.headers.get('x-request-id'))
    return problem
  }

  it('finds a function by path', async () => {
    const response = await given().fetch('/echo?x=1', { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } })
    assert.equal(response.status, 200)
    const { method, path, query, body, id } = (await response.json()) as Record<string, unknown>
    assert.deepEqual({ method, path, query, body }, { method: 'POST', path: '/echo', query: { x: '1' }, body: { a: 1 } })
    assert.equal(response.headers.get('x-request-id'), id)
  })
  it('finds a function by host, whatever its case and port', async () => {
    for (const host of [given().host, `${given().host.toUpperCase()}:1234`]) assert.equal((await requestAs(given().runtime.port, host, '/echo')).status, 200)
  })
  it('finds a function by the whole address that a proxy sends', async () => {
    const { text } = await sendBytes(given().runtime.port, `GET http://${given().host}/echo?x=1 HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n`)
    assert.deepEqual(statusesIn(text), [200])
  })
  it('finds a function in a folder and forgives a slash at the end', async () => {
    for (const path of ['/orders/list', '/orders/list/', '/orders/list?a=b']) assert.equal((await given().fetch(path)).status, 200, path)
  })
  for (const path of ['/orders', '/orders/list/more', '/Echo', '/echo//', '//echo', '/', '']) {
    it(`answers 404 for the path "${path}", which is no function's name`, async () => {
      const response = await given().fetch(path)
      assert.equal(response.status, 404)
      assert.equal((await problemOf(response)).code, 'FUNCTION_NOT_FOUND')
    })
  }
  it('tells an unknown gateway from an unknown environment', async () => {
    const { port } = given().runtime
    const byPath = await fetch(`http://127.0.0.1:${port}/nobody/dev/echo`)
    assert.equal((await problemOf(byPath)).code, 'GATEWAY_NOT_FOUND')
    const byHost = await requestAs(port, `${given().gatewayId}.prod.localhost`, '/echo')
    assert.equal((JSON.parse(byHost.text) as Problem).code, 'ENVIRONMENT_NOT_FOUND')
  })
  it('answers for its own health where no environment does', async () => {
    const response = await fetch(`http://127.0.0.1:${given().runtime.port}/healthz`)
    assert.deepEqual([response.status, await response.text()], [200, 'ok'])
    assert.ok(response.headers.get('x-request-id'))
  })

  it('refuses a method that the function does not list and names those it does', async () => {
    const response = await given().fetch('/reads', { method: 'POST' })
    assert.equal(response.status, 405)
    assert.equal(response.headers.get('allow'), 'GET, DELETE, HEAD, OPTIONS')
    assert.equal((await problemOf(response)).code, 'METHOD_NOT_ALLOWED')
  })
  it('answers OPTIONS itself', async () => {
    const response = await given().fetch('/echo', { method: 'OPTIONS' })
    assert.equal(response.status, 204)
    assert.equal(response.headers.get('allow'), 'GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS')
  })
  it('answers HEAD as GET without a body', async () => {
    const response = await given().fetch('/reads', { method: 'HEAD' })
    assert.equal(response.status, 200)
    assert.ok(Number(response.headers.get('content-length')) > 0)
    assert.equal(await response.text(), '')
  })

  it('refuses a body that is announced as too long before reading it', async () => {
    const head = `POST /${given().gatewayId}/dev/small HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\n`
    const { text } = await sendBytes(given().runtime.port, head, (text) => text.includes('BODY_TOO_LARGE'))
    assert.deepEqual(statusesIn(text), [413])
  })
  it('does not ask for a body that is too long', async () => {
    const head = `POST /${given().gatewayId}/dev/small HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n`
    const { text } = await sendBytes(given().runtime.port, head, (text) => text.includes('BODY_TOO_LARGE'))
    assert.deepEqual(statusesIn(text), [413])
  })
  it('asks for a body that it will take', async () => {
    const head = `POST /${given().gatewayId}/dev/small HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`
    const { text } = await sendBytes(given().runtime.port, `${head}{}`)
    assert.deepEqual(statusesIn(text), [100, 200])
  })
  it('refuses a body that turns out too long and goes on with the connection', async () => {
    const big = `POST /${given().gatewayId}/dev/small HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n${'x'.repeat(20)}\r\n0\r\n\r\n`
    const next = `GET /${given().gatewayId}/dev/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
    const { text } = await sendBytes(given().runtime.port, big + next)
    assert.deepEqual(statusesIn(text), [413, 200])
  })
  it('hands bytes of any kind through unchanged', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    await given().publishAndWait('bytes', 'export default async (req, res) => res.type("application/octet-stream").send(req.body)')
    const response = await given().fetch('/bytes', { method: 'POST', body: bytes, headers: { 'content-type': 'application/octet-stream' } })
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes)
  })
  it('answers requests on one connection in their order', async () => {
    const one = (query: string, more = '') => `GET /${given().gatewayId}/dev/echo?n=${query} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`
    const { text } = await sendBytes(given().runtime.port, one('1') + one('2') + one('3', 'Connection: close\r\n'))
    assert.deepEqual(
      [...text.matchAll(/"n":"(\d)"/g)].map((match) => match[1]),
      ['1', '2', '3'],
    )
  })
  for (const [why, head] of [
    ['two Host headers', 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['no Host header', 'GET /healthz HTTP/1.1\r\n\r\n'],
    ['a length and chunks at once', 'POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['an asterisk for a target', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n'],
  ] as const) {
    it(`answers 400 to ${why}`, async () => {
      const { text } = await sendBytes(given().runtime.port, head, (text) => text.includes('\r\n\r\n'))
      assert.deepEqual(statusesIn(text), [400])
    })
  }
  it('answers 431 to headers without measure', async () => {
    const { text } = await sendBytes(given().runtime.port, `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
    assert.deepEqual(statusesIn(text), [431])
    assert.match(text, /x-request-id: /)
  })
})
