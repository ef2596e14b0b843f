import { strict as assert } from 'node:assert'
import type { LiveRuntime } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { mongoForSuite } from '../support/for-suite.ts'
import { givenLoad } from '../support/given-load.ts'
import { runOnce } from '../support/given-run.ts'
import { type GivenEnvironment, type GivenRuntime, givenEnvironment, givenRuntime } from '../support/given-runtime.ts'

const pure = `export default async (req, res) => res.send('pure')`
/** V8 squares for minutes and heeds no time limit. */
const hanging = `export default async (req, res) => {
  if (req.query.ok) return res.send('ok')
  let x = 3n
  for (;;) x = x * x
}`
const looping = 'export default async (req, res) => { if (req.query.ok) return res.send("ok"); for (;;); }'

const codeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { code: string }).code

describe('the quarantine of a version', function () {
  // Several processes are started one after the other, each of which takes seconds on a busy machine.
  this.timeout(60_000)
  const mongo = mongoForSuite()
  const quarantined = (given: GivenEnvironment, wanted: string[]): Promise<LiveRuntime['quarantined']> =>
    eventually(async () => {
      const list = (await given.live())?.quarantined ?? []
      assert.deepEqual(
        list.map(({ name, version }) => `${name} ${version}`),
        wanted,
      )
      return list
    })
  /** Callers hear of the second stop before the front hears that there were too many. */
  const hangUntilQuarantined = async (runtime: GivenRuntime, given: GivenEnvironment, version: string): Promise<void> => {
    const isQuarantined = (): boolean => runtime.events.some((event) => event.type === 'quarantined' && event.version === version)
    for (let tries = 0; tries < 10 && !isQuarantined(); tries++) assert.equal((await given.fetch('/looping')).status, 504)
  }

  it('follows when it hangs: its caller is told, the others lose nothing, and it hangs alone from then on', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publish('pure', pure)
    await given.publishAndWait('hanging', hanging, { version: '1.2.0' })
    const load = givenLoad(given.url('/pure'), 20)
    await eventually(() => assert.ok(load.report.answers > 200))
    const first = await given.fetch('/hanging')
    assert.deepEqual([first.status, await codeOf(first)], [504, 'FUNCTION_TIMED_OUT'])
    const lost = await runtime.event('worker-lost')
    assert.equal(lost.reason, 'silent')
    assert.equal((await runtime.event('quarantined')).name, 'hanging')
    const [told] = (await quarantined(given, ['hanging 1.2.0'])) ?? []
    assert.match(told?.reason ?? '', /hung/)
    const { pid: healthyPid } = await runtime.event('worker-bound', ({ pid }) => pid !== lost.pid)

    assert.equal(await (await given.fetch('/hanging?ok=1')).text(), 'ok', 'It is served, in a process of its own.')
    assert.equal((await given.fetch('/hanging')).status, 504)
    const { failures } = await load.stop()
    assert.deepEqual(failures, [])
    assert.equal(runtime.events.filter((event) => event.type === 'worker-lost' && event.pid === healthyPid).length, 0)
    await eventually(async () => {
      const line = await given.database.collection('__logs').findOne({ functionName: 'hanging', message: /quarantine/ })
      assert.match(line?.message ?? '', /Version 1.2.0 is in quarantine/)
    })
  })

  it('follows when its entries are stopped twice within a minute, and ends with the next version', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('looping', looping, { version: '1.0.0', limits: { timeoutMs: 200 } })
    assert.equal((await given.fetch('/looping')).status, 504)
    await quarantined(given, [])
    await hangUntilQuarantined(runtime, given, '1.0.0')
    await quarantined(given, ['looping 1.0.0'])
    assert.equal(await (await given.fetch('/looping?ok=1')).text(), 'ok')
    assert.equal(new Set(runtime.events.flatMap((event) => (event.type === 'worker-bound' ? [event.pid] : []))).size, 2)

    await given.publishAndWait('looping', looping, { version: '1.0.1' })
    await quarantined(given, [])
    assert.equal(await (await given.fetch('/looping?ok=1')).text(), 'ok')
  })

  for (const [how, code] of [
    ['at once', 'export default () => { for (;;); }'],
    // All of them have begun to wait before the first one is stopped.
    ['after a pause', 'export default async () => { await new Promise((go) => setTimeout(go, 100)); for (;;); }'],
  ] as const)
    it(`makes the others wait for one entry at a time when many calls hang ${how}, and takes what has not run apart`, async () => {
      await using runtime = await givenRuntime(mongo())
      const given = await givenEnvironment(runtime, mongo())
      await given.publish('pure', pure)
      await given.publishAndWait('looping', code, { version: '1.0.0', limits: { timeoutMs: 8_000 } })
      assert.equal((await given.fetch('/pure')).status, 200)
      const ended: string[] = []
      const ask = async (path: string): Promise<number> => {
        const { status } = await given.fetch(path)
        ended.push(path)
        return status
      }
      const hung = Array.from({ length: 8 }, () => ask('/looping'))
      // One after the other, so each finds the worker with whatever came between.
      const steady = (async () => {
        const statuses: number[] = []
        while (ended.filter((path) => path === '/looping').length < 8) statuses.push(await ask('/pure'))
        return statuses
      })()
      assert.deepEqual(new Set(await Promise.all(hung)), new Set([504]))
      assert.deepEqual(new Set(await steady), new Set([200]))

      const betweenHung = ended.join(' ').split('/looping').slice(1, -1)
      assert.deepEqual(
        betweenHung.map((between) => between.includes('/pure')),
        betweenHung.map(() => true),
      )
      const pids = runtime.events.flatMap((event) => (event.type === 'worker-bound' ? [event.pid] : []))
      assert.ok(new Set(pids).size > 1, 'It runs in a process of its own.')
      await quarantined(given, ['looping 1.0.0'])
    })

  it('does not follow for a version that is stopped twice when another one has replaced it, which goes on as it is', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    const loopsLater = `export default async (req, res) => {
      res.write('begun')
      await new Promise((go) => setTimeout(go, 2_000))
      for (;;);
    }`
    await given.publishAndWait('replaced', loopsLater, { version: '1.0.0', limits: { timeoutMs: 8_000 } })
    const begun = await Promise.all(Array.from({ length: 3 }, () => given.fetch('/replaced')))
    await given.publishAndWait('replaced', 'const loaded = crypto.randomUUID()\nexport default (req, res) => res.send(loaded)', { version: '1.0.1' })
    const loaded = await (await given.fetch('/replaced')).text()
    const ends = await Promise.allSettled(begun.map((answer) => answer.text()))
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    )
    assert.equal(await (await given.fetch('/replaced')).text(), loaded)
    await quarantined(given, [])
  })

  it('does not follow for a version that takes its worker down before it ever served', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait('steady', `${pure}\n`, { version: '1.0.0' })
    const { failures } = await given.publishAndWait('steady', `let x = 3n\nwhile (x) x = x * x\n${pure}`, { version: '1.0.1' })
    assert.match(failures[0]?.message ?? '', /lost when it loaded this version/)
    assert.equal(await (await given.fetch('/steady')).text(), 'pure')
    await quarantined(given, [])
  })

  it('serves the version that is in it, also after an older one of the same function was', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    for (const version of ['1.0.0', '1.0.1']) {
      await given.publishAndWait('looping', looping.replace('"ok"', `"${version}"`), { version, limits: { timeoutMs: 200 } })
      await hangUntilQuarantined(runtime, given, version)
      await quarantined(given, [`looping ${version}`])
      assert.equal(await (await given.fetch('/looping?ok=1')).text(), version)
    }
  })

  it('shares its worker with runs of code that was never saved, so that one that hangs takes nobody with it and blames nothing published', async () => {
    await using runtime = await givenRuntime(mongo())
    const given = await givenEnvironment(runtime, mongo())
    await given.publishAndWait(
      'steady',
      `let calls = 0\nexport default async (req, res) => {\n  await new Promise((go) => setTimeout(go, 5))\n  res.send(String(++calls))\n}`,
    )
    const { pid } = await runtime.event('worker-bound')
    const load = givenLoad(given.url('/steady'), 10)
    await eventually(() => assert.ok(load.report.answers > 50))
    const fine = await runOnce(given, 'steady', hanging, 'ok=1')
    assert.deepEqual('result' in fine && [fine.result.status, fine.result.body], [200, 'ok'])
    for (let round = 0; round < 2; round++) {
      const hung = await runOnce(given, 'steady', hanging)
      assert.equal('result' in hung && hung.result.error?.code, 'FUNCTION_TIMED_OUT')
    }
    const lost = await runtime.event('worker-lost')
    assert.notEqual(lost.pid, pid)
    assert.equal((await given.fetch('/steady')).status, 200)
    const { failures } = await load.stop()
    assert.deepEqual(failures, [])
    assert.equal(runtime.events.filter((event) => event.type === 'worker-lost' && event.pid === pid).length, 0)
    await quarantined(given, [])
  })
})
