import { strict as assert } from 'node:assert'
import { type CallOptions, givenWorker, type WorkerUnderTest } from '../support/given-worker.ts'

const json = { 'Content-Type': 'application/json' }

describe('what a function may rely on', () => {
  let worker: WorkerUnderTest
  before(async () => {
    worker = await givenWorker()
  })
  after(() => worker[Symbol.asyncDispose]())

  const answerOf = (source: string, options?: CallOptions) => worker.answerOf(source, options)
  const failureOf = (source: string) => worker.failureOf(source)

  describe('the request', () => {
    it('tells everything that came', async () => {
      const source =
        'return res.json({ m: req.method, p: req.path, q: req.query, h: req.headers["x-a"], g: req.get("X-A"), ip: req.ip, id: req.id, c: req.credential, b: req.body, pa: req.params })'
      const { text } = await answerOf(source, {
        method: 'PUT',
        url: '/a/b?x=1&x=2&y=ü%20',
        headers: { ...json, 'X-A': 'v' },
        body: '{"ü":"€"}',
        credentialId: 'c9',
        application: 'Tax & co',
        ip: '10.1.1.1',
      })
      const { id, ...rest } = JSON.parse(text)
      assert.match(id, /^request-\d+$/)
      assert.deepEqual(rest, {
        m: 'PUT',
        p: '/a/b',
        q: { x: ['1', '2'], y: 'ü ' },
        h: 'v',
        g: 'v',
        ip: '10.1.1.1',
        c: { id: 'c9', application: 'Tax & co' },
        b: { ü: '€' },
        pa: {},
      })
    })

    it('brings text as text and bytes as they were', async () => {
      const echo = 'return res.send(req.body)'
      const bytes = new Uint8Array(Array.from({ length: 256 }, (_, at) => at))
      assert.equal((await answerOf(echo, { headers: { 'content-type': 'text/plain' }, body: 'é€😀' })).text, 'é€😀')
      assert.deepEqual(new Uint8Array((await answerOf(echo, { headers: { 'content-type': 'image/png' }, body: bytes })).bytes), bytes)
      const big = new Uint8Array(300_000).map((_, at) => at % 251)
      assert.deepEqual(new Uint8Array((await answerOf(echo, { body: big })).bytes), big)
    })

    it('is refused with 400 when its body is not the JSON that it says', async () => {
      const answer = await answerOf('return res.json(req.body)', { headers: json, body: '{"a":' })
      const problem = JSON.parse(answer.text)
      assert.deepEqual([answer.status, answer.headers['content-type'], problem.code, problem.status], [400, 'application/problem+json', 'REQUEST_INVALID', 400])
      assert.match(problem.requestId, /^request-/)
    })
  })

  describe('the response', () => {
    it('sends JSON, text, bytes and statuses', async () => {
      const cases: [source: string, status: number, contentType: string | undefined, text: string][] = [
        ['res.status(201).json({ a: "ü" })', 201, 'application/json; charset=utf-8', '{"a":"ü"}'],
        ['res.send("<b>ü</b>")', 200, 'text/html; charset=utf-8', '<b>ü</b>'],
        ['res.type("txt").send("x")', 200, 'text/plain; charset=utf-8', 'x'],
        ['res.type("application/xml").send("<x/>")', 200, 'application/xml; charset=utf-8', '<x/>'],
        ['res.send({ a: 1 })', 200, 'application/json; charset=utf-8', '{"a":1}'],
        ['res.send(null)', 200, undefined, ''],
        ['res.send(new Uint8Array([104, 105]))', 200, 'application/octet-stream', 'hi'],
        ['res.sendStatus(404)', 404, 'text/plain; charset=utf-8', 'Not Found'],
        ['res.status(204).end()', 204, undefined, ''],
        ['res.status(204).json({ a: 1 })', 204, undefined, ''],
        ['res.end("plain")', 200, undefined, 'plain'],
        ['res.redirect("/über uns?a=1")', 302, 'text/plain; charset=utf-8', 'Found. Redirecting to /%C3%BCber%20uns?a=1'],
        ['res.redirect(301, "https://example.org/")', 301, 'text/plain; charset=utf-8', 'Moved Permanently. Redirecting to https://example.org/'],
      ]
      for (const [source, status, contentType, text] of cases) {
        const answer = await answerOf(source)
        assert.deepEqual([answer.status, answer.headers['content-type'], answer.text], [status, contentType, text], source)
      }
    })

    it('sets headers in every form', async () => {
      const { headers } = await answerOf(
        'res.set("X-A", 1).set({ "X-B": "b" }).setHeader("X-C", "c"); res.header("Set-Cookie", ["a=1", "b=2"]); return res.json({ got: res.get("x-a"), sent: res.headersSent })',
      )
      assert.deepEqual([headers['x-a'], headers['x-b'], headers['x-c'], headers['set-cookie']], ['1', 'b', 'c', ['a=1', 'b=2']])
    })

    it('lets no line break or foreign character into a header', async () => {
      for (const source of ['res.set("x-a", "1\\r\\nx-b: 2").end()', 'res.set("x\\n", "1").end()', 'res.set("x-a", "ü").end()', 'res.set("", "1").end()']) {
        assert.equal((await failureOf(source)).code, 'FUNCTION_FAILED', source)
      }
    })

    it('ignores a second answer and says so in the log', async () => {
      assert.equal((await answerOf('res.json({ n: 1 }); return res.status(500).json({ n: 2 })')).text, '{"n":1}')
      await worker.logged((entry) => entry.level === 'warn' && entry.message.includes('already been sent'))
    })

    it('answers from after an await', async () => {
      assert.equal((await answerOf('await new Promise((done) => setTimeout(done, 5)); return res.status(202).send("later")')).text, 'later')
    })
  })

  describe('what is returned', () => {
    it('is the answer: an object, a list, text, bytes, a Response', async () => {
      const cases: [source: string, status: number, contentType: string | undefined, text: string][] = [
        ['return { a: 1 }', 200, 'application/json; charset=utf-8', '{"a":1}'],
        ['return [1, 2]', 200, 'application/json; charset=utf-8', '[1,2]'],
        ['return "ü"', 200, 'text/plain; charset=utf-8', 'ü'],
        ['return null', 200, 'application/json; charset=utf-8', 'null'],
        ['return new Uint8Array([104, 105])', 200, 'application/octet-stream', 'hi'],
        ['return new Response("no", { status: 418, headers: { "x-a": "b" } })', 418, 'text/plain; charset=utf-8', 'no'],
        ['return Response.json({ a: 1 }, { status: 201 })', 201, 'application/json', '{"a":1}'],
        ['return Response.redirect("https://example.org/")', 302, undefined, ''],
        ['return new Response(null, { status: 204 })', 204, undefined, ''],
      ]
      for (const [source, status, contentType, text] of cases) {
        const answer = await answerOf(source)
        const type = typeof answer.headers['content-type'] === 'string' ? answer.headers['content-type'].toLowerCase().replace(/;\s*/, '; ') : undefined
        assert.deepEqual([answer.status, type, answer.text], [status, contentType, text], source)
      }
    })

    it('must be an answer', async () => {
      const cases: [source: string, message: RegExp][] = [
        ['', /answered nothing/],
        ['res.status(200)', /answered nothing/],
        ['return res.status(200)', /answered nothing/],
        ['return 5n', /cannot be an answer.*BigInt/],
        ['return () => 1', /cannot be an answer/],
        ['const a: any = {}; a.a = a; return a', /cannot be an answer.*circular/],
      ]
      for (const [source, message] of cases) {
        const failure = await failureOf(source)
        assert.equal(failure.code, 'FUNCTION_ANSWER_INVALID', source)
        assert.match(failure.message, message)
      }
    })
  })

  describe('what is thrown', () => {
    it('fails the call, and its stack is in the log with the places that the author knows', async () => {
      const failure = await failureOf('const order: { lines?: string[] } = {}\n\nawait null\nreturn order.lines.length')
      assert.deepEqual(failure, { code: 'FUNCTION_FAILED', message: "Cannot read properties of undefined (reading 'length')" })
      const { message, requestId } = await worker.logged((entry) => entry.level === 'error' && entry.message.includes("'length'"))
      assert.match(message, /^TypeError: .*\n {4}at .*fn\d+\.ts:5:20/)
      assert.ok(!message.includes('imprun:guest') && !message.includes('file://'), message)
      assert.match(requestId ?? '', /^request-/)
    })

    it('fails the call whatever it is', async () => {
      for (const thrown of [
        'null',
        'undefined',
        '"text"',
        'Symbol("s")',
        '5n',
        '{}',
        'new Proxy({}, { get() { throw 1 } })',
        'Object.create(null)',
        '{ get stack() { throw 1 } }',
      ]) {
        assert.equal((await failureOf(`throw ${thrown}`)).code, 'FUNCTION_FAILED', thrown)
      }
    })

    it('after the answer is only logged', async () => {
      assert.equal((await answerOf('res.json({}); throw new Error("too late to matter")')).status, 200)
      await worker.logged((entry) => entry.level === 'error' && entry.message.includes('too late to matter'))
    })

    it('in a timer is logged and hurts nobody', async () => {
      assert.equal((await answerOf('setTimeout(() => { throw new Error("thrown in a timer") }, 1); return "fine"')).text, 'fine')
      await worker.logged((entry) => entry.level === 'error' && entry.message.includes('thrown in a timer'))
    })
  })

  it('logs with level, request id and readable values', async () => {
    await answerOf(
      'console.log("a %s of %d", "b", 3, { c: [1, new Map([["k", "v"]])] }); console.error(new Error("printed")); imp.log.debug("quiet"); return "x"',
    )
    const first = await worker.logged((entry) => entry.message.startsWith('a b of 3'))
    assert.deepEqual([first.level, first.version], ['info', '1.0.0'])
    assert.match(first.requestId ?? '', /^request-/)
    assert.match(first.message, /\{ c: \[ 1, Map/)
    assert.match((await worker.logged((entry) => entry.message.includes('Error: printed'))).message, /fn\d+\.ts:2:\d+/)
    assert.equal((await worker.logged((entry) => entry.message === 'quiet')).level, 'debug')
  })

  it('gives each log line to the request that wrote it, also after awaits that overlap', async () => {
    const call = await worker.given(
      'export default async (req) => { for (let n = 0; n < 5; n++) { await new Promise((done) => setTimeout(done, 1 + Math.random() * 4)); console.log("line of", req.id) } return "x" }',
    )
    await Promise.all(Array.from({ length: 10 }, () => call()))
    const lines = worker.logs.filter((entry) => entry.message.startsWith('line of'))
    assert.equal(lines.length, 50)
    assert.deepEqual(
      lines.filter((entry) => entry.message !== `line of ${entry.requestId}`),
      [],
    )
  })

  it('has the names of the web', async () => {
    const cases: [expression: string, result: unknown][] = [
      ['new URL("../b?x=1#h", "https://u:p@example.org:8080/a/c").href', 'https://u:p@example.org:8080/b?x=1#h'],
      ['(() => { const u = new URL("http://a/"); u.searchParams.append("q", "1 2&3"); u.pathname = "/p q"; return u.href })()', 'http://a/p%20q?q=1+2%263'],
      ['(() => { try { new URL("no url") } catch (e) { return e.code } })()', 'ERR_INVALID_URL'],
      ['URL.canParse("x:")', true],
      ['String(new URLSearchParams({ a: "1", b: "ü~" }))', 'a=1&b=%C3%BC%7E'],
      [
        '[...new URLSearchParams("a=1&a=2").entries()]',
        [
          ['a', '1'],
          ['a', '2'],
        ],
      ],
      ['new TextDecoder().decode(new TextEncoder().encode("é€😀"))', 'é€😀'],
      ['[btoa("hi"), atob("aGk=")]', ['aGk=', 'hi']],
      ['/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())', true],
      ['new Set(crypto.getRandomValues(new Uint8Array(1000))).size > 200', true],
      ['structuredClone({ a: [new Date(0), new Map([[1, 2]])] }).a[1].get(1)', 2],
      ['await new Promise((done) => queueMicrotask(() => done(1)))', 1],
      [
        'await new Promise((done) => { const c = new AbortController(); c.signal.addEventListener("abort", () => done(c.signal.reason.name)); c.abort() })',
        'AbortError',
      ],
      ['(() => { const h = new Headers({ "X-A": "1" }); h.append("x-a", "2"); return [...h] })()', [['x-a', '1, 2']]],
      ['await new Response("{\\"a\\":1}").json()', { a: 1 }],
      ['await new Request("http://a/", { method: "post", body: "x" }).text()', 'x'],
      ['typeof performance.now()', 'number'],
      ['new Date(0).toISOString()', '1970-01-01T00:00:00.000Z'],
      ['typeof fetch', 'function'],
      ['String(new ObjectId("0123456789abcdef01234567"))', '0123456789abcdef01234567'],
      ['imp.ObjectId === ObjectId', true],
    ]
    for (const [expression, result] of cases) assert.deepEqual(JSON.parse((await answerOf(`return { value: ${expression} }`)).text).value, result, expression)
  })

  it('has none of the names of Node', async () => {
    const names = [
      'process',
      'require',
      'module',
      'Buffer',
      'global',
      '__dirname',
      'setImmediate',
      'WebAssembly',
      'SharedArrayBuffer',
      'Atomics',
      '__imprunStart',
      '__exports',
      '__imprunCaught',
    ]
    const { text } = await answerOf(`return { found: ${JSON.stringify(names)}.filter((name) => typeof (globalThis as any)[name] !== 'undefined') }`)
    assert.deepEqual(JSON.parse(text), { found: ['__exports'] })
  })
})
