import { strict as assert } from 'node:assert'
import { createCipheriv, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually } from '../support/eventually.ts'
import { givenLoad } from '../support/given-load.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { type GivenEnvironment, type GivenRuntime, givenEnvironment, givenRuntime } from '../support/given-runtime.ts'

/** As the backend seals a secret. */
function seal(key: string, keyId: string, context: string, text: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key, 'hex'), iv).setAAD(Buffer.from(context))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return ['v1', keyId, ...[iv, cipher.getAuthTag(), sealed].map((bytes) => bytes.toString('base64url'))].join('.')
}

const echo = 'export default (req, res) => res.json(imp.env)'
const boundPids = (runtime: GivenRuntime, key: string): number[] =>
  runtime.events.flatMap((event) => (event.type === 'worker-bound' && event.environment === key ? [event.pid] : []))

describe("an environment's settings and variables", () => {
  let mongo: GivenMongo
  let runtime: GivenRuntime
  let given: GivenEnvironment
  before(async () => {
    mongo = await givenMongo()
    runtime = await givenRuntime(mongo)
  })
  beforeEach(async () => {
    given = await givenEnvironment(runtime, mongo)
  })
  after(async () => {
    await runtime[Symbol.asyncDispose]()
    await mongo[Symbol.asyncDispose]()
  })
  const variablesOf = async (environment: GivenEnvironment, path = '/echo'): Promise<unknown> => (await environment.fetch(path)).json()

  describe('variables', () => {
    it('are acknowledged once the worker goes by them', async () => {
      await given.publishAndWait('echo', echo)
      assert.deepEqual(await variablesOf(given), {})
      for (let round = 0; round < 20; round++) {
        await given.acknowledged(await given.setVariables({ ROUND: String(round) }))
        assert.deepEqual(await variablesOf(given), { ROUND: String(round) })
      }
    })

    it('are acknowledged without a worker, and the one that comes has them', async () => {
      const revision = await given.setVariables({ A: '1' })
      await given.acknowledged(revision)
      assert.deepEqual(boundPids(runtime, `${given.gatewayId}/dev`), [])
      await given.publishAndWait('echo', echo)
      assert.deepEqual(await variablesOf(given), { A: '1' })
    })

    it('belong to one environment alone', async () => {
      const other = await givenEnvironment(runtime, mongo)
      await given.publishAndWait('echo', echo)
      await other.publishAndWait('echo', echo)
      await given.acknowledged(await given.setVariables({ MINE: 'given' }))
      await other.acknowledged(await other.setVariables({ MINE: 'other' }))
      assert.deepEqual([await variablesOf(given), await variablesOf(other)], [{ MINE: 'given' }, { MINE: 'other' }])
    })

    it('are there again after the worker was killed', async () => {
      await given.setVariables({ A: '1' })
      await given.publishAndWait('echo', echo)
      const { pid } = await runtime.event('worker-bound', ({ environment }) => environment === `${given.gatewayId}/dev`)
      process.kill(pid, 'SIGKILL')
      await eventually(async () => assert.deepEqual(await variablesOf(given), { A: '1' }))
    })

    it('open secrets with the key of their id, and leave out what can not be opened', async () => {
      const [oldKey, newKey] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')]
      const variablesKeys = { '00000001': oldKey, '00000002': newKey }
      await runtime.control.ask({ type: 'assign', assignment: { ...given.assignment, fence: 2, variablesKeys } })
      const context = (name: string): string => `${given.gatewayId}/dev/${name}`
      await given.publishAndWait('echo', echo)
      const revision = await given.setVariables({
        PLAIN: 'plain',
        OLD: { secret: seal(oldKey, '00000001', context('OLD'), 'old sëcret') },
        NEW: { secret: seal(newKey, '00000002', context('NEW'), '') },
        MOVED: { secret: seal(newKey, '00000002', context('NEW'), 'moved here from elsewhere') },
        LOST: { secret: seal(newKey, '00000003', context('LOST'), 'of a key that nobody has') },
      })
      await given.acknowledged(revision)
      assert.deepEqual(await variablesOf(given), { PLAIN: 'plain', OLD: 'old sëcret', NEW: '' })
      assert.doesNotMatch(runtime.errorOutput(), /sëcret|moved here|nobody has/)
    })
  })

  describe('egress lists', () => {
    it('count for the next fetch once they are acknowledged', async () => {
      const server = createServer((_request, response) => void response.end('inside')).listen(0, '127.0.0.1')
      await once(server, 'listening')
      try {
        const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
        await given.publishAndWait(
          'reach',
          `export default async (req, res) => res.send(await fetch('http://${address}/').then((answer) => answer.text(), (error) => error.name))`,
        )
        const reach = async (): Promise<string> => (await given.fetch('/reach')).text()
        assert.equal(await reach(), 'TypeError')
        await given.acknowledged(await given.configure({ egress: { allow: [address], deny: [] } }))
        assert.equal(await reach(), 'inside')
        await given.acknowledged(await given.configure({ egress: { allow: [address], deny: ['127.0.0.0/8'] } }))
        assert.equal(await reach(), 'TypeError')
      } finally {
        server.close()
      }
    })
  })

  describe('limits', () => {
    it('let so many calls of one function run at once, while others pass by', async () => {
      const code =
        'let running = 0; let most = 0; export default async (req, res) => { most = Math.max(most, ++running); await new Promise((r) => setTimeout(r, 20)); running--; res.json(most) }'
      await given.publish('narrow', code, { limits: { concurrency: 2 } })
      await given.publishAndWait('wide', code)
      const narrow = Array.from({ length: 12 }, () => given.fetch('/narrow').then((answer) => answer.json()))
      const wide = await Promise.all(Array.from({ length: 12 }, () => given.fetch('/wide').then((answer) => answer.json())))
      assert.ok(Math.max(...(wide as number[])) > 2)
      assert.equal(Math.max(...((await Promise.all(narrow)) as number[])), 2)
    })

    it('give a waiting call up when its time is over, and tell callers beyond the line to come back', async () => {
      await given.publishAndWait('stuck', 'export default () => new Promise(() => {})', { limits: { concurrency: 1, timeoutMs: 1000 } })
      const statuses = await Promise.all(Array.from({ length: 210 }, () => given.fetch('/stuck').then(({ status }) => status)))
      assert.ok(statuses.includes(503) && statuses.includes(504))
      assert.equal(statuses.filter((status) => status === 503).length, 9, 'one runs and 200 wait')
    })

    it('change for the next call without loading anything anew', async () => {
      await given.publishAndWait(
        'f',
        'const at = Math.random(); export default async (req, res) => { await new Promise((r) => setTimeout(r, 200)); res.json(at) }',
      )
      const before = await (await given.fetch('/f')).json()
      await given.acknowledged(await given.configure({ limits: { timeoutMs: 50 } }))
      assert.equal((await given.fetch('/f')).status, 504)
      await given.acknowledged(await given.configure({ limits: { bodyBytesMax: 10 } }))
      assert.equal((await given.fetch('/f', { method: 'POST', body: 'more than ten' })).status, 413)
      assert.equal(await (await given.fetch('/f')).json(), before)
    })

    it('let a function with memory of its own run out of it without the others noticing', async () => {
      const bomb = 'const kept = []; export default () => { for (;;) kept.push(new Array(1000).fill(kept.length)) }'
      await given.publishAndWait('counts', 'let calls = 0; export default (req, res) => res.json(++calls)')
      await given.publishAndWait('bomb', bomb, { limits: { memoryMb: 32 } })
      const load = givenLoad(given.url('/counts'), 4)
      for (let round = 0; round < 3; round++) assert.ok((await given.fetch('/bomb')).status >= 500)
      const { failures, bodies } = await load.stop()
      assert.deepEqual(failures, [])
      assert.equal(Number(await (await given.fetch('/counts')).text()), bodies.length + 1, 'it was never started again')
      const [log] = await eventually(async () => {
        const found = await given.database.collection('__logs').find({ functionName: 'bomb' }).toArray()
        assert.ok(found.length > 0)
        return found
      })
      assert.match(log?.message, /memory limit of 32 MB/)
    })

    it('put a worker with other memory in the place of the old one without failing a call', async () => {
      await given.publishAndWait('f', 'export default async (req, res) => { await new Promise((r) => setTimeout(r, 20)); res.json("ok") }')
      await given.publishAndWait('slow', 'export default async (req, res) => { res.write("a"); await new Promise((r) => setTimeout(r, 1500)); res.end("b") }')
      const key = `${given.gatewayId}/dev`
      const slow = given.fetch('/slow').then((answer) => answer.text())
      const load = givenLoad(given.url('/f'), 8)
      for (const memoryMb of [128, 64]) await given.acknowledged(await given.configure({ limits: { memoryMb } }))
      const { failures } = await load.stop()
      assert.deepEqual(failures, [])
      assert.equal(await slow, 'ab')
      assert.equal(new Set(boundPids(runtime, key)).size, 3)
      await eventually(() => {
        const retired = runtime.events.filter((event) => event.type === 'worker-retired' && event.environment === key)
        assert.equal(retired.length, 2)
      })
      assert.equal(
        runtime.events.some((event) => event.type === 'worker-lost' && event.environment === key),
        false,
      )
    })
  })
})
