import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../support/eventually.ts'
import { type FaultProxy, givenFaultProxy } from '../support/fault-proxy.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenGateway, givenPublished } from '../support/given-gateway.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { type GivenSecondRuntime, givenSecondRuntime } from '../support/given-second-runtime.ts'
import { randomFrom, testSeed } from '../support/seed.ts'

const callsMin = 10_000
const deploymentsMin = 12
/** Every second of the first ones loses the runtimes their connections to MongoDB: later ones have the time to make up for it. */
const deploymentsCutMax = 10
/** Of those that a deployment makes the runtimes send and take. */
const messagesBeforeCutMax = 16
const delayMaxMs = 10
const callersEach = 4
const answering = (value: number): string => `export default () => ({ value: ${value} })`
/** More than the smallest of the runtimes has. */
const large = (value: number): string =>
  `const kept = Array.from({ length: 80 }, (_, i) => new Array(131_072).fill(i + 0.5))\n${answering(value)}\nexport const size = kept.length`

describe('an environment on three runtimes', function () {
  this.timeout(120_000)
  const gatewayId = 'three-runtimes'
  let mongo: GivenMongo
  /** Between MongoDB and the runtimes beside the backend's own. */
  let proxy: FaultProxy
  let backend: GivenBackend
  const others: GivenSecondRuntime[] = []
  before(async () => {
    mongo = await givenMongo()
    proxy = await givenFaultProxy(mongo.uri)
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, 'answer', answering(0))
    others.push(await givenSecondRuntime(proxy, gatewayId, 'dev'), await givenSecondRuntime(proxy, gatewayId, 'dev', { memoryMb: 32 }))
  })
  after(async () => {
    for (const other of others) await other[Symbol.asyncDispose]()
    await backend?.[Symbol.asyncDispose]()
    await proxy?.[Symbol.asyncDispose]()
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
  async function whileCalling(
    work: (confirm: (value: number) => void, countCalls: () => number) => Promise<void>,
    known = 0,
    name = 'answer',
  ): Promise<Answer[]> {
    const answers: Answer[] = []
    let confirmed = known
    let isDone = false
    const call = async (url: string) => {
      while (!isDone) {
        const atLeast = confirmed
        answers.push({ atLeast, ...(await ask(url, name)) })
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

  /** Until disposed of, messages between MongoDB and the runtimes behind the proxy are late. `cutSoon`: at one of the next, their connections break. */
  function disturb(random: () => number) {
    let messagesUntilCut = 0
    let cutCount = 0
    const rule = proxy.interfere(() => {
      messagesUntilCut -= 1
      if (messagesUntilCut === 0) cutCount += proxy.cut(() => true)
      return sleep(random() * delayMaxMs)
    })
    return {
      cutSoon() {
        messagesUntilCut = 1 + Math.floor(random() * messagesBeforeCutMax)
      },
      cutCount: () => cutCount,
      [Symbol.dispose]: () => rule[Symbol.dispose](),
    }
  }

  it('never answers with an older release after a deployment was SUCCESS, though connections to MongoDB are slow and break', async () => {
    using faults = disturb(randomFrom(testSeed()))
    const answers = await whileCalling(async (confirm, countCalls) => {
      for (let value = 1; value <= deploymentsMin || countCalls() < callsMin; value++) {
        if (value <= deploymentsCutMax && value % 2 === 0) faults.cutSoon()
        const { deployment } = await save(answering(value))
        // One that a runtime did not confirm in time is taken back, and what was confirmed before it goes on to be served.
        if (deployment?.status === 'SUCCESS') confirm(value)
      }
    })

    assert.ok(faults.cutCount() > 0)
    const confirmedCount = new Set(answers.map(({ atLeast }) => atLeast)).size
    assert.ok(confirmedCount > deploymentsMin / 2, `Calls were made after ${confirmedCount} of the deployments`)
    console.log(`      ${answers.length} calls beside ${confirmedCount} deployments, ${faults.cutCount()} connections cut`)
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

  it('goes by a variable everywhere once its change was answered; a rollback of code leaves it, a revert brings it back', async () => {
    const name = 'rate'
    const params = { gatewayId, environment: 'dev' }
    const set = (rate: number) => backend.api.call('patchEnvironment', { params, body: { variables: { RATE: String(rate) } } })
    const isEverywhere = async (rate: number) => {
      for (const url of urls()) assert.deepEqual(await ask(url, name), { status: 200, value: rate })
    }
    await set(0)
    await givenPublished(backend, gatewayId, name, 'export default () => ({ value: Number(imp.env.RATE) })')
    const change = async (confirm: (rate: number) => void) => {
      for (let rate = 1; rate <= 20; rate++) {
        await set(rate)
        confirm(rate)
      }
    }
    const answers = await whileCalling(change, 0, name)
    assert.deepEqual(
      answers.filter(({ status, atLeast, value = -1 }) => status !== 200 || value < atLeast),
      [],
    )

    await save('export default () => ({ value: Number(imp.env.RATE) * 2 })', name)
    await isEverywhere(40)
    await backend.api.call('rollbackFunction', { params: { gatewayId, functionId: name }, body: { environment: 'dev', reason: 'Twice is too much' } })
    await isEverywhere(20)

    const { items } = await backend.api.call('listVariableVersions', { params })
    const [newest, before] = items
    assert.ok(newest?.version === 21 && before)
    await backend.api.call('revertVariables', { params, body: { version: before.version } })
    await isEverywhere(19)
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
