import { strict as assert } from 'node:assert'
import { CallFailed, givenWorker, type WorkerUnderTest } from '../support/given-worker.ts'

const handler = (source: string): string => `export default async (req: any, res: any) => { ${source} }`
const limit = { timeoutMs: 300 }

async function failureOf(answer: Promise<unknown>): Promise<CallFailed['failure']> {
  const outcome = await answer.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof CallFailed, String(outcome))
  return outcome.failure
}

/** Each hostile function runs beside a healthy one of the same environment: its caller gets a clear error, and the healthy one goes on. */
describe('hostile functions', () => {
  let worker: WorkerUnderTest
  let healthy: () => Promise<void>
  before(async () => {
    worker = await givenWorker({ memoryMb: 64 })
    const call = await worker.given('let count = 0\nexport default async () => { await null; return { count: ++count } }')
    healthy = async () => {
      assert.match((await call()).text, /^\{"count":\d+\}$/)
    }
  })
  after(() => worker[Symbol.asyncDispose]())
  afterEach(() => healthy())

  // What no limit inside a worker stops (a few built-ins of V8 that loop, or end the process when they get no memory) is the front's: the supervision
  // tests have a worker that hangs and one that dies.
  const endless: Record<string, string> = {
    'an endless loop': 'for (;;) {}',
    'an endless chain of microtasks': 'for (;;) await null',
    'an endless regular expression with a back reference': '/^(a+)+(\\1)$/.test("a".repeat(40) + "b")',
    'an endless loop round one with a known count': 'for (;;) new Array(100).fill(1)',
    'an endless getter in its answer': 'return res.json({ get x() { for (;;) {} } })',
    'an endless toJSON in what it returns': 'return { toJSON() { for (;;) {} } }',
    'an endless getter in what it throws': 'throw { get message() { for (;;) {} } }',
    'an endless loop after an await': 'await new Promise((done) => setTimeout(done, 1)); for (;;) {}',
  }
  for (const [title, source] of Object.entries(endless)) {
    it(`are stopped: ${title}`, async () => {
      const call = await worker.given(handler(source), limit)
      assert.equal((await failureOf(call())).code, 'FUNCTION_TIMED_OUT')
      await worker.logged((entry) => entry.level === 'error' && /without pausing/.test(entry.message))
      worker.logs.length = 0
    })
  }

  it('are stopped: a loop in a timer', async () => {
    const call = await worker.given(handler('setTimeout(() => { for (;;) {} }, 1); return "ok"'), limit)
    assert.equal((await call()).text, 'ok')
    await worker.logged((entry) => entry.level === 'error' && /without pausing/.test(entry.message))
  })

  const greedy: Record<string, string> = {
    'promises without end': 'const again = () => Promise.resolve().then(again); await again()',
    'objects without end': 'const all = []; for (;;) all.push({ a: new Array(100).fill(all.length) })',
    'text without end': 'let text = "x"; const all = []; for (;;) { text += text; all.push(text) }',
    'typed arrays without end': 'const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1))',
  }
  for (const [title, source] of Object.entries(greedy)) {
    it(`take down nobody when they use up the memory: ${title}`, async () => {
      const call = await worker.given(handler(source), { timeoutMs: 5000 })
      const { code, message } = await failureOf(call())
      assert.ok(code === 'FUNCTION_FAILED' || code === 'FUNCTION_TIMED_OUT', `${code} ${message}`)
      await healthy()
      assert.notEqual((await failureOf(call())).message, '')
    })
  }

  it('blame no other request for a rejection that nobody handles', async () => {
    const stray = await worker.given(handler('Promise.reject(new Error("nobody looks")); return res.json({ mine: true })'))
    assert.equal((await stray()).text, '{"mine":true}')
    const later = await worker.given(handler('setTimeout(() => { Promise.reject(new Error("nobody looks later")) }, 2); return { mine: true }'))
    assert.equal((await later()).text, '{"mine":true}')
    for (let count = 0; count < 20; count++) await healthy()
    await worker.logged((entry) => entry.message.includes('nobody looks later') && /fn\d+\.ts:1/.test(entry.message))
  })

  it('change no other function by changing prototypes and globals', async () => {
    const evil = await worker.given(
      handler(`
      Object.prototype.polluted = 1; Array.prototype.map = () => { throw new Error("polluted") }; JSON.stringify = () => "polluted"; Promise.prototype.then = () => { throw new Error("polluted") };
      globalThis.Object = undefined; String.prototype.split = () => []; return "done"`),
    )
    await evil().catch(() => undefined)
    const other = await worker.given(
      handler('return { polluted: ({} as any).polluted ?? null, list: [1].map((n) => n + 1), json: JSON.stringify({ a: 1 }), path: req.path }'),
    )
    assert.deepEqual(JSON.parse((await other()).text), { polluted: null, list: [2], json: '{"a":1}', path: '/fn' })
  })

  it('find no way to the host through what they are given', async () => {
    const source = `const found: string[] = []
      const seen = new Set<unknown>()
      const look = (value: any, path: string, depth: number) => {
        if (value === null || (typeof value !== 'object' && typeof value !== 'function') || depth > 5 || seen.has(value)) return
        seen.add(value)
        try { const scope = value.constructor?.constructor?.('return globalThis')(); if (scope && scope !== globalThis && typeof scope.Array === 'function') found.push(path + ' leads to another global') } catch {}
        try { if (value.process || value.mainModule || value.binding) found.push(path + ' leads to Node') } catch {}
        for (const key of Reflect.ownKeys(value)) { try { look(value[key], path + '.' + String(key), depth + 1) } catch {} }
        try { look(Object.getPrototypeOf(value), path + '.__proto__', depth + 1) } catch {}
      }
      for (const [name, value] of Object.entries({ req, res, imp, console, crypto, performance, globalThis, setTimeout, URL })) look(value, name, 0)
      try { new URL('nonsense') } catch (error) { look(error, 'error', 0); found.push(...String(error.stack).split('\\n').filter((line) => /node:|file:|\\/src\\/worker/.test(line))) }
      try { await imp.db().collection('__x').findOne() } catch (error) { look(error, 'dataError', 0); found.push(...String(error.stack).split('\\n').filter((line) => /node:|file:|\\/src\\/worker/.test(line))) }
      return { found, process: typeof process, seen: seen.size > 300 }`
    const call = await worker.given(handler(source))
    assert.deepEqual(JSON.parse((await call()).text), { found: [], process: 'undefined', seen: true })
  })

  it('get no memory outside the limit', async () => {
    const source = `const tries = {
        resizable: () => new ArrayBuffer(8, { maxByteLength: 1e9 }).resizable,
        byConstructor: () => new (new Uint8Array(1).buffer.constructor as any)(8, { maxByteLength: 1e9 }).resizable,
        bySubclass: () => new (class extends ArrayBuffer { constructor() { super(8, { maxByteLength: 1e9 } as any) } })().resizable,
        byReflect: () => (Reflect.construct(ArrayBuffer, [8, { maxByteLength: 1e9 }]) as any).resizable,
      }
      return { open: Object.entries(tries).filter(([, attempt]) => { try { return attempt() } catch { return false } }).map(([name]) => name), wasm: typeof (globalThis as any).WebAssembly, shared: typeof (globalThis as any).SharedArrayBuffer }`
    const call = await worker.given(handler(source))
    assert.deepEqual(JSON.parse((await call()).text), { open: [], wasm: 'undefined', shared: 'undefined' })
  })

  it('do not flood the log', async () => {
    const call = await worker.given(
      handler('for (let n = 0; n < 20000; n++) console.log("flood", "x".repeat(1000)); console.log("y".repeat(1e6)); return "done"'),
    )
    assert.equal((await call()).text, 'done')
    const lines = worker.logs.filter((entry) => entry.message.startsWith('flood'))
    assert.ok(lines.length <= 201, `${lines.length} lines`)
    await worker.logged((entry) => entry.level === 'warn' && entry.message.includes('not logged'))
  })

  it('cannot hold timers or operations without end', async () => {
    const call = await worker.given(handler('try { for (;;) setTimeout(() => {}, 1e6) } catch (error) { return error.message }'))
    assert.match((await call()).text, /1000 timers/)
  })

  it("cannot answer twice, nor in another call's place", async () => {
    const call = await worker.given(
      'const kept: any[] = []\nexport default async (req: any, res: any) => { for (const old of kept) old.json({ stolen: true }); kept.push(res); return res.json({ url: req.url }) }',
    )
    for (let n = 0; n < 20; n++) assert.equal((await call({ url: `/${n}` })).text, `{"url":"/${n}"}`)
  })

  it('fail alone when their answer is huge', async () => {
    for (const source of ['return "x".repeat(40e6)', 'res.send("x".repeat(40e6))', 'return new Uint8Array(40e6)', 'res.write("x".repeat(40e6))']) {
      const { code, message } = await failureOf((await worker.given(handler(source), { timeoutMs: 2000 }))())
      assert.deepEqual([code, /larger than/.test(message) || message], ['FUNCTION_ANSWER_INVALID', true], source)
    }
  })

  it('leave a version no reason to be refused when they have filled the memory before it', async () => {
    const keeping = 'const kept = Array.from({ length: 38 }, () => new Array(131_072).fill(0.5))\nexport default () => ({ kept: kept.length })'
    const first = await worker.given(keeping)
    assert.equal((await first()).text, '{"kept":38}')
    const second = await worker.given(keeping)
    assert.equal((await second()).text, '{"kept":38}')
  })

  it('take down nobody when they use up the memory as they are loaded', async () => {
    const { refusal } = await worker.load('const all: unknown[] = []\nfor (;;) all.push({ a: new Array(100).fill(all.length) })\nexport default 1')
    assert.equal(refusal?.code, 'CODE_THROWS_AT_LOAD')
  })
})
