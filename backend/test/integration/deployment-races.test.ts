import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Deployment } from '@imprun/contracts'
import { paceMs } from '../../src/deployments/pace.ts'
import { type StoredDeployment, startedAt } from '../../src/deployments/stored-deployment.ts'
import { type GivenFunctions, givenFunctions, request, taxCode } from '../support/given-functions.ts'
import { givenRuntime, type RuntimeFixture } from '../support/given-runtime.ts'
import { randomFrom, testSeed } from '../support/seed.ts'
import { soak } from '../support/soak.ts'

const rounds = soak(2, 200)

type Backend = Pick<GivenFunctions, 'routes'>
const params = { gatewayId: 'hometax', functionId: 'calculateTax' }
const save = ({ routes }: Backend, rate: number) => routes.saveFunction(request<'saveFunction'>({ query: { publish: 'dev' }, body: { code: taxCode(rate) } }))
const rollback = ({ routes }: Backend, releaseId: string) =>
  routes.rollbackFunction(request<'rollbackFunction'>({ body: { environment: 'dev', releaseId, reason: 'try' } }))

async function listAll({ routes }: Backend): Promise<Deployment[]> {
  const items: Deployment[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await routes.listDeployments(request<'listDeployments'>({ query: { limit: 100, ...(cursor ? { cursor } : {}) } }))
    items.push(...page.items)
    if (page.nextCursor === undefined) return items
    cursor = page.nextCursor
  }
}

/** What has to hold of one lane, whatever came in which order. */
async function checkHistory(given: GivenFunctions, runtime: RuntimeFixture): Promise<Deployment[]> {
  const history = await listAll(given)
  assert.deepEqual(
    history.filter(({ status }) => !['SUCCESS', 'FAILED', 'ROLLED_BACK', 'SUPERSEDED'].includes(status)),
    [],
  )
  const ran = history.filter(({ revision }) => revision !== undefined)
  const all = given.database.sys.collection<StoredDeployment>('deployments')
  const stored = new Map((await all.find({ gatewayId: params.gatewayId }).toArray()).map((each) => [each._id, each]))
  const used = ran.flatMap(({ deploymentId }) => {
    const { revision, rollback } = stored.get(deploymentId) ?? {}
    return [revision, ...(rollback ? [rollback.revision] : [])]
  })
  assert.equal(new Set(used).size, used.length, 'A revision was used twice')
  const loaded = runtime.loaded.map(({ revision }) => revision)
  assert.deepEqual(
    loaded,
    [...loaded].sort((a, b) => a - b),
  )
  const last = ran.filter(({ status }) => status === 'SUCCESS').sort((a, b) => Number(b.revision) - Number(a.revision))[0]
  assert.equal(runtime.serves('dev', 'calculateTax')?.releaseId, last?.releaseId)
  const [served] = (await given.routes.getFunction(request<'getFunction'>({ params }))).served
  assert.equal(served?.deploymentId, last?.deploymentId)
  for (const { deploymentId } of history.filter(({ status }) => status === 'SUPERSEDED')) {
    const { supersededBy } = stored.get(deploymentId) ?? {}
    assert.ok(supersededBy !== undefined && stored.has(supersededBy), 'A deployment was superseded by nobody')
  }
  return history
}

describe('deployments of one function that race', function () {
  this.timeout(60_000 + rounds * 10_000)
  let given: GivenFunctions
  let runtime: RuntimeFixture
  let other: Backend
  before(async () => {
    given = await givenFunctions()
    await given.givenGateway('hometax')
    runtime = await givenRuntime(given.database, 'hometax')
    other = given.newBackend()
    await given.routes.createFunction(request<'createFunction'>({ body: { name: 'calculateTax', code: taxCode(0), limits: {} } }))
  })
  after(async () => {
    await runtime?.[Symbol.asyncDispose]()
    await given?.[Symbol.asyncDispose]()
  })

  it('all end, and what is served is what was accepted last, with saves, rollbacks and refusals of a runtime among fifty at once', async () => {
    const random = randomFrom(testSeed())
    /** No other save has it, and the runtime takes it. */
    const lastRate = (round: number) => 7_000_000 + round * 7
    const { deployment } = await save(given, 0.5)
    for (let round = 0; round < rounds; round++) {
      const isBroken = (rate: number) => rate % 7 === 3
      runtime.refuse(({ code }) => (isBroken(Number(/income \* (\d+)/.exec(code)?.[1])) ? { code: 'CODE_THROWS_AT_LOAD', message: 'no' } : undefined))
      const work = Array.from({ length: 50 }, (_, i) => {
        const backend = random() < 0.5 ? given : other
        return random() < 0.2 ? rollback(backend, deployment?.releaseId ?? '') : save(backend, 1 + i + round * 50)
      })
      const ended = await Promise.allSettled(work)
      const codes = ended.flatMap((each) => (each.status === 'rejected' ? [(each.reason as { code?: string }).code] : []))
      assert.deepEqual(
        codes.filter((code) => code !== 'DEPLOYMENT_SUPERSEDED'),
        [],
      )
      await checkHistory(given, runtime)

      // Accepted after all of them, so this is what has to be served.
      const last = await save(random() < 0.5 ? given : other, lastRate(round))
      assert.equal(last.deployment?.status, 'SUCCESS')
      assert.equal(runtime.serves('dev', 'calculateTax')?.releaseId, last.deployment.releaseId)
      await checkHistory(given, runtime)
    }
    console.log(`      ${rounds} rounds of fifty`)
  })

  /** Saves at fixed times, whatever the answers; `clients` at each of them. The first meets the others: a runtime that is busy sees to it. */
  async function saveOpenLoop(firstRate: number, clients: number) {
    const [savesCount, overMs] = [100, 2_000]
    const everyMs = (overMs / savesCount) * clients
    const saves: ReturnType<typeof save>[] = []
    runtime.freeze()
    const startedAtMs = performance.now()
    for (let round = 0; round < savesCount / clients; round++) {
      await sleep(Math.max(0, startedAtMs + round * everyMs - performance.now()))
      for (let client = 0; client < clients; client++) saves.push(save(client % 2 ? other : given, firstRate + saves.length))
      if (round === 2) await runtime.resume()
    }
    const answers = await Promise.all(saves)
    return { answers, tookMs: performance.now() - startedAtMs }
  }

  /** Those that ran, in order: when they came, and when runtimes were given them. */
  async function listStarts(answers: Awaited<ReturnType<typeof save>>[]) {
    const stored = await Promise.all(answers.map(({ deployment }) => given.deploymentStore.findById(deployment?.deploymentId ?? '')))
    const ran = stored.flatMap((each) => (each?.status === 'SUCCESS' ? [{ cameAtMs: each.createdAt.getTime(), atMs: startedAt(each).getTime() }] : []))
    return ran.sort((one, two) => one.atMs - two.atMs)
  }

  for (const [clients, rate] of [
    [1, 1_000],
    [5, 2_000],
  ] as const)
    it(`run ten times at most of a hundred in two seconds, the last among them, with saves of ${clients === 1 ? 'one client' : `${clients} clients`}`, async () => {
      runtime.refuse(() => undefined)
      const before = runtime.loaded.length

      const { answers, tookMs } = await saveOpenLoop(rate, clients)

      const statuses = answers.map(({ deployment }) => deployment?.status)
      assert.deepEqual(
        [...new Set(statuses)].filter((status) => status !== 'SUCCESS' && status !== 'SUPERSEDED'),
        [],
      )
      const last = answers.reduce((newest, each) => (each.function.revision > newest.function.revision ? each : newest))
      assert.equal(last.deployment?.status, 'SUCCESS')
      assert.equal(runtime.serves('dev', 'calculateTax')?.releaseId, last.deployment?.releaseId)
      await checkHistory(given, runtime)
      const starts = await listStarts(answers)
      starts.forEach(({ cameAtMs, atMs }, i) => {
        const sinceLastMs = atMs - (starts[i - 1]?.atMs ?? 0)
        assert.ok(atMs === cameAtMs || sinceLastMs >= paceMs, `One that had to wait started ${sinceLastMs} ms after the last.`)
      })
      // A machine that takes longer than two seconds for them has time for more.
      const ranMax = 2 + Math.ceil(tookMs / paceMs)
      const ran = runtime.loaded.length - before
      assert.equal(ran, starts.length)
      assert.ok(ran <= ranMax, `${ran} ran in ${Math.round(tookMs)} ms`)
    })

  it('never wait for whoever waits for each answer', async () => {
    const answers: Awaited<ReturnType<typeof save>>[] = []
    await runtime.resume()
    // The pace of the saves before may still be on for the first of them.
    await save(given, 3_000)
    for (let i = 1; i <= 20; i++) answers.push(await save(i % 2 ? given : other, 3_000 + i))
    const starts = await listStarts(answers)
    assert.deepEqual([starts.length, starts.filter(({ cameAtMs, atMs }) => cameAtMs !== atMs)], [20, []])
  })
})
