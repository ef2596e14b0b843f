import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { givenMongo } from '../support/given-mongo.ts'
import { type GivenEnvironment, givenEnvironment, givenRuntime } from '../support/given-runtime.ts'

const code = 'export default (req, res) => res.json({ ip: req.ip, ips: req.ips, protocol: req.protocol, secure: req.secure })'
const here = { ip: '127.0.0.1', ips: [], protocol: 'http', secure: false }

/** What proxies may send; all of it comes from this machine. */
const cases: Record<string, string | string[]>[] = [
  {},
  { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' },
  { 'x-forwarded-for': '203.0.113.9' },
  { 'x-forwarded-proto': 'https' },
  { 'x-forwarded-proto': 'https, http', 'x-forwarded-for': '203.0.113.9, 10.0.0.7' },
  { 'x-forwarded-for': '198.51.100.1, 203.0.113.9, 10.0.0.7', 'x-forwarded-proto': 'http' },
  { 'x-forwarded-for': ['198.51.100.1', '203.0.113.9 , 10.0.0.7'] },
  { 'x-forwarded-for': '10.0.0.8, 10.0.0.7' },
  { 'x-forwarded-for': '2001:db8::9' },
]

/** The measure: Express with the same setting. */
async function givenExpressBehind(trusted: string[]) {
  const app = express().set('trust proxy', trusted)
  app.get('/who', (req, res) => void res.json({ ip: req.ip, ips: req.ips, protocol: req.protocol, secure: req.secure }))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/who`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('what proxies say about a caller', () => {
  let stack: AsyncDisposableStack
  let behindProxies: GivenEnvironment
  let open: GivenEnvironment
  before(async () => {
    stack = new AsyncDisposableStack()
    const mongo = stack.use(await givenMongo())
    const given = async (trusted: string): Promise<GivenEnvironment> => {
      const environment = await givenEnvironment(stack.use(await givenRuntime(mongo, { IMPRUN_TRUST_PROXY: trusted })), mongo)
      await environment.publishAndWait('who', code)
      return environment
    }
    behindProxies = await given('loopback, 10.0.0.0/8')
    open = await given('192.0.2.0/24')
  })
  after(() => stack.disposeAsync())
  const ask = async (url: string, headers: Record<string, string | string[]>): Promise<unknown> => {
    const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((each): [string, string] => [name, each]))
    return (await fetch(url, { headers: lines })).json()
  }

  it('counts as in Express when the proxies are trusted', async () => {
    await using measure = await givenExpressBehind(['loopback', '10.0.0.0/8'])
    for (const headers of cases) assert.deepEqual(await ask(behindProxies.url('/who'), headers), await ask(measure.url, headers), JSON.stringify(headers))
  })
  it('counts for nothing when it comes from anybody else', async () => {
    for (const headers of cases) assert.deepEqual(await ask(open.url('/who'), headers), here, JSON.stringify(headers))
  })
  it('counts only as far as it is an address', async () => {
    for (const told of ['unknown', 'schedule', 'https', '203.0.113.9:1234', '"x y"']) {
      assert.deepEqual(await ask(behindProxies.url('/who'), { 'x-forwarded-for': told }), here, told)
    }
  })
})
