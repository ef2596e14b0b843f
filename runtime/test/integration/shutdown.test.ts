import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { Agent, type ClientRequest, get, type IncomingMessage } from 'node:http'
import { eventually } from '../support/eventually.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { type GivenEnvironment, type GivenRuntime, givenEnvironment, givenRuntime } from '../support/given-runtime.ts'

describe('SIGTERM', function () {
  this.timeout(60_000)
  let mongo: GivenMongo
  before(async () => {
    mongo = await givenMongo()
  })
  after(() => mongo?.[Symbol.asyncDispose]())

  const slow = (ms: number): string =>
    `export default async (req, res) => { await new Promise((resolve) => setTimeout(resolve, ${ms})); return res.json({ pid: 1 }) }`
  const given = async (stack: AsyncDisposableStack): Promise<{ runtime: GivenRuntime; environment: GivenEnvironment }> => {
    const runtime = stack.use(await givenRuntime(mongo))
    return { runtime, environment: await givenEnvironment(runtime, mongo) }
  }
  const exitOf = async ({ process: child }: GivenRuntime): Promise<number | null> =>
    child.exitCode === null ? ((await once(child, 'exit')) as [number | null])[0] : child.exitCode

  it('fails no request that was accepted under load, takes no new one, and leaves with 0', async () => {
    await using stack = new AsyncDisposableStack()
    const { runtime, environment } = await given(stack)
    await environment.publishAndWait('works', slow(5))
    const load = givenClients(environment.url('/works'), 20)
    await eventually(() => assert.ok(load.answered > 200))
    runtime.process.kill('SIGTERM')
    const exit = await exitOf(runtime)
    await load.ended
    assert.deepEqual(load.failures, [])
    assert.equal(exit, 0)
    assert.ok(load.lastAnswersClosed > 0, 'Last answers say that the connection ends.')
    assert.equal(await environment.live(), null)
  })

  it('finishes a stream, a call and the work after an answer', async () => {
    await using stack = new AsyncDisposableStack()
    const { runtime, environment } = await given(stack)
    await environment.publishAndWait(
      'streams',
      `export default async (req, res) => {
        for (let piece = 0; piece < 5; piece++) { await res.write(String(piece)); await new Promise((resolve) => setTimeout(resolve, 100)) }
        res.end()
      }`,
    )
    await environment.publishAndWait(
      'later',
      `export default (req, res) => {
        imp.waitUntil(new Promise((resolve) => setTimeout(resolve, 1_000)).then(() => imp.db().collection('marks').insertOne({ done: true })))
        return res.json({})
      }`,
    )
    await environment.publishAndWait('slow', slow(400))
    assert.equal((await environment.fetch('/later')).status, 200)
    const [stream, call] = [environment.fetch('/streams'), environment.fetch('/slow')]
    const begun = await stream
    runtime.process.kill('SIGTERM')
    assert.equal(await begun.text(), '01234')
    assert.equal((await call).status, 200)
    assert.equal(await exitOf(runtime), 0)
    assert.ok(await mongo.client.db(environment.assignment.dataDatabase).collection('marks').findOne({ done: true }))
  })

  it('said twice ends at once, and takes the workers along', async () => {
    await using stack = new AsyncDisposableStack()
    const { runtime, environment } = await given(stack)
    await environment.publishAndWait('hangs', 'export default () => new Promise(() => {})')
    const { pid } = await runtime.event('worker-bound')
    const abandoned = environment.fetch('/hangs').catch(() => undefined)
    await eventually(async () => assert.ok((await environment.fetch('/absent')).status === 404))
    runtime.process.kill('SIGTERM')
    await eventually(() => assert.rejects(environment.fetch('/absent')))
    runtime.process.kill('SIGTERM')
    assert.equal(await exitOf(runtime), 143)
    await abandoned
    await eventually(() => assert.throws(() => process.kill(pid, 0)))
  })
})

interface Clients {
  readonly answered: number
  /** Answers that were the last ones of their connections. */
  readonly lastAnswersClosed: number
  /** What happened to requests other than an answer 200, without those that found nobody listening. */
  readonly failures: string[]
  /** Settles when nobody listens any more. */
  readonly ended: Promise<unknown>
}

/** Clients that ask one thing after another until they are refused a connection. */
function givenClients(url: string, count: number): Clients {
  const agent = new Agent({ keepAlive: true, maxSockets: count })
  const clients = { answered: 0, lastAnswersClosed: 0, failures: [] as string[] }
  const ask = (): Promise<boolean> =>
    new Promise((resolve) => {
      const request: ClientRequest = get(url, { agent }, (response: IncomingMessage) => {
        response.resume().on('close', () => {
          clients.answered += 1
          if (response.headers.connection === 'close') clients.lastAnswersClosed += 1
          if (response.statusCode !== 200 || !response.complete) clients.failures.push(`${response.statusCode}, complete: ${response.complete}`)
          resolve(true)
        })
      })
      request.on('error', (error: NodeJS.ErrnoException) => {
        // A connection that was never accepted: refused, or still in the system's queue when nobody listened any more.
        const isAccepted = error.code !== 'ECONNREFUSED' && request.reusedSocket
        if (isAccepted) clients.failures.push(`${error.code} ${error.message}`)
        resolve(false)
      })
    })
  const client = async (): Promise<void> => {
    while (await ask());
  }
  return Object.assign(clients, { ended: Promise.all(Array.from({ length: count }, client)).finally(() => agent.destroy()) })
}
