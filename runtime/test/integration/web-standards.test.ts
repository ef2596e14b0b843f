import { strict as assert } from 'node:assert'
import { givenWorker, type WorkerUnderTest } from '../support/given-worker.ts'
import { assertSameInNode } from '../support/same-in-node.ts'

/** An expression in a function, and what it is in Node, whose classes are the measure. */
const sameInNode: Record<string, string[]> = {
  'Request, Response and Headers': [
    'await new Response(new Blob(["a", "b"], { type: "text/x" })).text()',
    'new Response(new Blob(["a"], { type: "text/x" })).headers.get("content-type")',
    'await (async () => { const r = new Response("abc"); const c = r.clone(); return [await r.text(), await c.text(), r.bodyUsed] })()',
    'await (async () => { const r = new Response("abc"); await r.text(); try { await r.text() } catch (e) { return e.name } })()',
    'await (async () => { const s = new ReadableStream({ start(c) { c.enqueue(new Uint8Array([104])); c.enqueue(new Uint8Array([105])); c.close() } }); return new Response(s).text() })()',
    'await (async () => { const r = new Response("abc"); const out = []; for await (const part of r.body) out.push(...part); return [out, r.bodyUsed] })()',
    'await (async () => { const [a, b] = new Response("abc").body.tee(); return [await new Response(a).text(), await new Response(b).text()] })()',
    'await new Response("abc").body.pipeThrough(new TransformStream({ transform(part, c) { c.enqueue(part.map((n) => n - 32)) } })).getReader().read().then(({ value }) => [...value])',
    'new Response(null, { status: 204 }).body',
    '(() => { try { new Response("x", { status: 204 }) } catch (e) { return e.name } })()',
    '(() => { try { new Response("x", { status: 99 }) } catch (e) { return e.name } })()',
    '[new Response("x").status, new Response("x", { status: 404 }).ok, Response.error().type, Response.redirect("http://a/b").headers.get("location")]',
    'await Response.json({ a: 1 }).json()',
    '(() => { const r = new Request("http://a/b?c", { method: "post", body: "x", headers: { "X-A": "1" } }); return [r.url, r.method, r.headers.get("x-a"), r.headers.get("content-type"), r.redirect] })()',
    '(() => { try { new Request("http://a/", { body: "x" }) } catch (e) { return e.name } })()',
    'await (async () => { const a = new Request("http://a/", { method: "PUT", body: "x" }); const b = new Request(a, { headers: { h: "1" } }); return [await b.text(), a.bodyUsed, b.method] })()',
    '[...new Headers([["b", "2"], ["a", "1"], ["B", "3"], ["set-cookie", "x"], ["set-cookie", "y"]])]',
    'new Headers({ a: "1" }).get("none")',
    '(() => { try { new Headers([["a"]]) } catch (e) { return e.name } })()',
    '(() => { try { new Headers({ "a b": "1" }) } catch (e) { return e.name } })()',
    'new Headers([["set-cookie", "x"], ["set-cookie", "y"]]).getSetCookie()',
  ],
  'forms and blobs': [
    'await (async () => { const f = new FormData(); f.append("a", "1"); f.append("a", "2"); f.set("b", new File(["x"], "b.txt", { type: "text/plain" })); const g = await new Response(f).formData(); return [g.getAll("a"), g.get("b").name, g.get("b").type, await g.get("b").text(), g.has("c"), [...g.keys()]] })()',
    'await (async () => { const g = await new Response("a=1&b=%C3%BC&a=2", { headers: { "content-type": "application/x-www-form-urlencoded" } }).formData(); return [...g] })()',
    'await (async () => { const f = new FormData(); f.append("n\\"a\\r\\nme", "v\\nw"); f.append("f", new Blob(["x"])); const g = await new Response(f).formData(); return [[...g.keys()], g.get("n\\"a\\r\\nme"), g.get("f").name] })()',
    'await new Blob(["abc", new Uint8Array([100]), new Blob(["e"])]).slice(1, -1).text()',
    '[new Blob(["é"]).size, new Blob([], { type: "TEXT/X" }).type, new File([], "n").name]',
    '[...new Uint8Array(await new Blob(["ab"]).arrayBuffer())]',
    'await new Response(new Blob(["streamed"]).stream()).text()',
  ],
  'text and URLs': [
    '[...new TextEncoder().encode("é€😀\\ud800")]',
    '(() => { const b = new Uint8Array(4); const r = new TextEncoder().encodeInto("a€x", b); return [r.read, r.written, [...b]] })()',
    '["utf-8", "latin1", "utf-16le", "windows-1251"].map((label) => new TextDecoder(label).decode(new Uint8Array([0xe4, 0x20])))',
    '(() => { const d = new TextDecoder(); return d.decode(new Uint8Array([0xe2, 0x82]), { stream: true }) + d.decode(new Uint8Array([0xac])) })()',
    '(() => { try { new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([255])) } catch (e) { return e.name } })()',
    '(() => { try { new TextDecoder("klingon") } catch (e) { return e.name } })()',
    'new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]))',
    'new URL("../c?d=é#f", "https://user:pw@example.org:8443/a/b").href',
    '(() => { const u = new URL("http://a/?x=1"); u.searchParams.set("y", "a b"); u.hash = "h"; return [u.href, u.searchParams.get("x"), JSON.stringify(u)] })()',
    '[...new URLSearchParams("a=1&b=%ff&c=%E2%82%AC+x")]',
    '[btoa("\\u00ff"), atob(" aGk = ")]',
    '(() => { try { btoa("€") } catch (e) { return e.name } })()',
  ],
  'events and aborting': [
    '(() => { const c = new AbortController(); const heard = []; c.signal.addEventListener("abort", (e) => heard.push(e.type)); c.signal.onabort = () => heard.push("on"); c.abort("why"); c.abort("again"); return [heard, c.signal.aborted, c.signal.reason] })()',
    '(() => { const a = AbortSignal.any([AbortSignal.abort("x"), new AbortController().signal]); return [a.aborted, a.reason] })()',
    'await new Promise((done) => { const s = AbortSignal.timeout(5); s.addEventListener("abort", () => done([s.reason.name, s.reason.code])) })',
    '(() => { try { AbortSignal.abort().throwIfAborted() } catch (e) { return [e.name, e instanceof DOMException, e instanceof Error] } })()',
    '(() => { const t = new EventTarget(); const heard = []; t.addEventListener("x", { handleEvent: (e) => heard.push(e instanceof Event) }, { once: true }); t.dispatchEvent(new Event("x")); t.dispatchEvent(new Event("x")); return heard })()',
    '(() => { const t = new EventTarget(); t.addEventListener("x", (e) => e.preventDefault()); return [t.dispatchEvent(new Event("x", { cancelable: true })), t.dispatchEvent(new CustomEvent("x", { detail: 1 }))] })()',
  ],
  copies: [
    '(() => { const a = { d: new Date(5), m: new Map([[1, { x: 1 }]]), s: new Set([1]), r: /x/gi, b: new Uint8Array([1, 2]), n: 1n, u: undefined, e: new RangeError("no") }; a.self = a; const c = structuredClone(a); return [c.d.getTime(), c.m.get(1).x, c.s.has(1), String(c.r), [...c.b], String(c.n), "u" in c, c.self === c, c.e.name, c.e.message] })()',
    '(() => { try { structuredClone(() => 1) } catch (e) { return [e.name, e.code] } })()',
  ],
}

describe('the web standards in a function', () => {
  let worker: WorkerUnderTest
  before(async () => {
    worker = await givenWorker()
  })
  after(() => worker[Symbol.asyncDispose]())

  for (const [area, expressions] of Object.entries(sameInNode)) it(`are those of Node: ${area}`, () => assertSameInNode(worker, expressions))

  it('stream an answer piece by piece, and stop when the stream fails', async () => {
    const call = await worker.given(
      'export default () => { let n = 0; return new Response(new ReadableStream({ async pull(c) { await new Promise((done) => setTimeout(done, 1)); if (n++ === 3) c.close(); else c.enqueue(new TextEncoder().encode("part " + n + " ")) } }), { headers: { "content-type": "text/plain" } }) }',
    )
    const answer = await call()
    assert.deepEqual([answer.text, answer.chunks.length, answer.headers['content-type']], ['part 1 part 2 part 3 ', 3, 'text/plain'])
    const failing = await worker.given('export default () => new Response(new ReadableStream({ pull(c) { c.error(new Error("broke half way")) } }))')
    await assert.rejects(failing(), /broke half way/)
    const wrong = await worker.given('export default () => new Response(new ReadableStream({ start(c) { c.enqueue({ not: "bytes" }); c.close() } }))')
    await assert.rejects(wrong(), /not bytes/)
  })

  it('read a multipart body as fields and files', async () => {
    const form = new FormData()
    form.append('name', 'é "quoted"')
    form.append('tags', 'a')
    form.append('tags', 'b')
    form.append('file', new File([new Uint8Array([0, 13, 10, 45, 45, 255])], 'ü "x".bin', { type: 'image/x-own' }))
    const sent = new Response(form)
    const call = await worker.given(
      'export default async ({ body }) => ({ name: body.name, tags: body.tags, file: [body.file.name, body.file.type, body.file.size, [...await body.file.bytes()], body.file instanceof File] })',
    )
    const answer = await call({ headers: { 'content-type': sent.headers.get('content-type') ?? '' }, body: new Uint8Array(await sent.arrayBuffer()) })
    assert.deepEqual(JSON.parse(answer.text), { name: 'é "quoted"', tags: ['a', 'b'], file: ['ü "x".bin', 'image/x-own', 6, [0, 13, 10, 45, 45, 255], true] })
  })

  it('refuse a multipart body that is broken', async () => {
    const call = await worker.given('export default ({ body }) => ({ body })')
    for (const body of [
      '',
      '--X',
      '--X\r\n',
      '--X\r\nno headers\r\n--X--',
      '--X\r\nContent-Disposition: form-data\r\n\r\n1\r\n--X--',
      '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1',
    ]) {
      const { status } = await call({ headers: { 'content-type': 'multipart/form-data; boundary=X' }, body })
      assert.equal(status, body === '' ? 200 : 400, JSON.stringify(body))
    }
  })
})
