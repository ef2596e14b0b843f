import { strict as assert } from 'node:assert'
import { request as httpRequest } from 'node:http'
import { givenMongo } from '../support/given-mongo.ts'
import { type GivenEnvironment, givenEnvironment, givenRuntime } from '../support/given-runtime.ts'

const echo = `export default async (req, res) => res.json({ method: req.method, path: req.path, query: req.query, body: req.body, headers: req.headers, id: req.id })`

/** fetch can not choose the Host header. */
function get(port: number, host: string, path: string, method = 'GET'): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path, method, headers: { host }, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
      .on('error', reject)
      .end()
  })
}

describe('routing', () => {
  let stack: AsyncDisposableStack
  let given: GivenEnvironment
  before(async () => {
    stack = new AsyncDisposableStack()
    const mongo = stack.use(await givenMongo())
    const runtime = stack.use(await givenRuntime(mongo))
    given = await givenEnvironment(runtime, mongo)
    await given.publishAndWait('echo', echo)
    await given.publishAndWait('orders/list', echo)
    await given.publishAndWait('reads', echo, { methods: ['GET', 'DELETE'] })
  })
  after(() => stack.disposeAsync())

  it('finds a function by path', async () => {
    const response = await given.fetch('/echo?x=1', { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } })
    assert.equal(response.status, 200)
    const { method, query, body, id } = (await response.json()) as Record<string, unknown>
    assert.deepEqual({ method, query, body }, { method: 'POST', query: { x: '1' }, body: { a: 1 } })
    assert.equal(response.headers.get('x-request-id'), id)
  })
  it('finds a function by host, whatever its case and port', async () => {
    for (const host of [given.host, `${given.host.toUpperCase()}:1234`]) assert.equal((await get(given.runtime.port, host, '/echo')).status, 200)
  })
})
