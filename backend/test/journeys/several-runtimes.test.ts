import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenGateway, givenPublished } from '../support/given-gateway.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { type GivenSecondRuntime, givenSecondRuntime } from '../support/given-second-runtime.ts'

const callsMin = 10_000
const callersEach = 4
const answering = (value: number): string => `export default () => ({ value: ${value} })`
/** More than the smallest of the runtimes has. */
const large = (value: number): string =>
  `const kept = Array.from({ length: 80 }, (_, i) => new Array(131_072).fill(i + 0.5))\n${answering(value)}\nexport const size = kept.length`

describe('an environment on three runtimes', function () {
  this.timeout(60_000)
  const gatewayId = 'three-runtimes'
  let mongo: GivenMongo
  let backend: GivenBackend
  const others: GivenSecondRuntime[] = []
  before(async () => {
    mongo = await givenMongo()
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, 'answer', answering(0))
    others.push(await givenSecondRuntime(mongo, gatewayId, 'dev'), await givenSecondRuntime(mongo, gatewayId, 'dev', { memoryMb: 32 }))
  })
  after(async () => {
    for (const other of others) await other[Symbol.asyncDispose]()
    await backend?.[Symbol.asyncDispose]()
    await mongo?.[Symbol.asyncDispose]()
  })

  const urlOf = ({ port }: GivenSecondRuntime) => `http://127.0.0.1:${port}`
  const urls = () => [backend.connection.edgeUrl, ...others.map(urlOf)]
  const ask = async (url: string, name = 'answer') => {
    const response = await fetch(`${url}/${gatewayId}/dev/${name}`, { method: 'POST' })
    return { status: response.status, value: ((await response.json()) as { value?: number }).value }
  }
  const save = (code: string, name = 'answer') =>
    backend.api.call('saveFunction', { params: { gatewayId, functionId: name }, query: { publish: 'dev' }, body: { code } })

  interface Answer {
    /** The newest value that was known to be served when it was asked for. */
    atLeast: number
    status: number
    value: number | undefined
  }
  /** Several callers of every runtime, who never pause while `work` goes on. */
  async function whileCalling(work: (confirm: (value: number) => void, countCalls: () => number) => Promise<void>, known = 0): Promise<Answer[]> {
    const answers: Answer[] = []
    let confirmed = known
    let isDone = false
    const call = async (url: string) => {
      while (!isDone) {
        const atLeast = confirmed
        answers.push({ atLeast, ...(await ask(url)) })
      }
    }
    const calls = urls().flatMap((url) => Array.from({ length: callersEach }, () => call(url)))
    try {
      await work(
        (value) => {
          confirmed = value
        },
        () => answers.length,
      )
    } finally {
      isDone = true
      await Promise.all(calls)
    }
    return answers
  }

  it('never answers with an older release after a deployment was SUCCESS', async () => {
    const answers = await whileCalling(async (confirm, countCalls) => {
      for (let value = 1; value <= 10 || countCalls() < callsMin; value++) {
        const { deployment } = await save(answering(value))
        assert.equal(deployment?.status, 'SUCCESS')
        confirm(value)
      }
    })

    const confirmedCount = new Set(answers.map(({ atLeast }) => atLeast)).size
    assert.ok(confirmedCount > 5, `Calls were made after ${confirmedCount} of the deployments`)
    console.log(`      ${answers.length} calls beside ${confirmedCount} deployments`)
    assert.deepEqual(
      answers.filter(({ status }) => status !== 200),
      [],
    )
    assert.deepEqual(
      answers.filter(({ atLeast, value = -1 }) => value < atLeast),
      [],
    )
  })

  it('goes on with the old release everywhere when one of them can not load the new one, and fails no call', async () => {
    await save(answering(7))
    const answers = await whileCalling(async () => {
      const { deployment, refusal } = await save(large(8))
      assert.equal(deployment?.status, 'ROLLED_BACK', JSON.stringify(deployment))
      assert.ok(refusal?.detail && deployment?.error?.detail)
    }, 7)

    assert.deepEqual(
      answers.filter(({ status }) => status !== 200),
      [],
    )
    for (const url of urls()) assert.deepEqual(await ask(url), { status: 200, value: 7 })
  })

  it('has nothing of a first release that one of them can not load', async () => {
    await backend.api.call('createFunction', { params: { gatewayId }, body: { name: 'first', code: large(1) } })
    const { deployment } = await save(large(2), 'first')

    assert.equal(deployment?.status, 'FAILED')
    for (const url of urls()) assert.equal((await ask(url, 'first')).status, 404)
  })

  it('is not held up by a runtime that stands still or is gone, and has them all on the newest when it comes back', async () => {
    const [killed, frozen] = others
    assert.ok(killed && frozen)
    process.kill(frozen.pid, 'SIGSTOP')
    try {
      const saved = await save(answering(21))
      assert.equal(saved.deployment?.status, 'SUCCESS')
    } finally {
      process.kill(frozen.pid, 'SIGCONT')
    }
    await eventually(async () => assert.deepEqual(await ask(urlOf(frozen)), { status: 200, value: 21 }))

    process.kill(killed.pid, 'SIGKILL')
    const { deployment } = await save(answering(22))

    assert.equal(deployment?.status, 'SUCCESS')
    await eventually(async () => assert.deepEqual(await ask(urlOf(frozen)), { status: 200, value: 22 }))
  })
})
