import { failed, type HostileCase, handler, unanswerable } from './hostile-case.ts'

const refusedOrHarmless = [200, 400, 500, 502]

/** Answers that would harm the caller, the connection or the front. */
export const answers: HostileCase[] = [
  { title: 'a header value with a line break', code: handler('res.set("x-a", "a\\r\\nx-evil: yes"); return res.send("x")'), statuses: refusedOrHarmless },
  { title: 'a header value with a line feed alone', code: handler('res.set("x-a", "a\\nx-evil: yes"); return res.send("x")'), statuses: refusedOrHarmless },
  { title: 'a header name with a line break', code: handler('res.set("x-a\\r\\nx-evil", "yes"); return res.send("x")'), statuses: refusedOrHarmless },
  { title: 'a header name with a colon', code: handler('res.set("x-evil: yes", "x"); return res.send("x")'), statuses: refusedOrHarmless },
  { title: 'a redirect with a line break', code: handler('return res.redirect("/a\\r\\nx-evil: yes")'), statuses: [302, 500] },
  { title: 'a content type with a line break', code: handler('return res.type("text/plain\\r\\nx-evil: yes").send("x")'), statuses: refusedOrHarmless },
  {
    title: 'a Response whose header has a line break',
    code: handler('return new Response("x", { headers: [["x-a", "a\\r\\nx-evil: yes"]] })'),
    statuses: refusedOrHarmless,
  },
  {
    title: 'a value whose toString changes',
    code: handler('let n = 0; res.set("x-a", { toString: () => n++ ? "a\\r\\nx-evil: yes" : "a" }); return res.send("x")'),
    statuses: refusedOrHarmless,
  },
  {
    title: 'characters beyond Latin-1 in a header',
    code: handler('res.set("x-a", "\\u010a\\u010dx-evil: yes"); return res.send("x")'),
    statuses: refusedOrHarmless,
  },
  { title: 'a header of ten megabytes', code: handler('res.set("x-a", "a".repeat(1e7)); return res.send("x")'), statuses: failed },
  {
    title: 'ten thousand headers',
    code: handler('for (let n = 0; n < 1e4; n++) res.set("x-" + n, "a".repeat(1000)); return res.send("x")'),
    statuses: refusedOrHarmless,
  },
  {
    title: 'ten thousand cookies',
    code: handler('res.set("set-cookie", Array.from({ length: 1e4 }, (_, n) => "a" + n + "=" + "b".repeat(1000))); return res.send("x")'),
    statuses: refusedOrHarmless,
  },
  {
    title: 'framing of its own',
    code: handler('res.set({ "content-length": "1", "transfer-encoding": "chunked", connection: "close", upgrade: "h2c" }); return res.send("whole")'),
    statuses: [200, 500],
    answer: /^whole$/,
  },
  { title: 'a status that is none', code: handler('return res.status(1e9).send("x")'), statuses: failed },
  { title: 'a status that is no number', code: handler('return res.status({ valueOf: () => 200 }).send("x")'), statuses: failed },
  { title: 'status 101', code: handler('return res.status(101).send("x")'), statuses: [101, ...refusedOrHarmless] },
  { title: 'status 204 with a body', code: handler('return res.status(204).send("x".repeat(1000))'), statuses: [204] },
  { title: 'an answer of 40 MB', code: handler('return "x".repeat(4e7)'), statuses: unanswerable },
  { title: 'bytes of 40 MB', code: handler('return new Uint8Array(4e7)'), statuses: unanswerable },
  { title: 'an answer of 400 MB', code: handler('return "x".repeat(4e8)'), statuses: unanswerable },
  { title: 'a cycle', code: handler('const all = {}; all.all = all; return all'), statuses: unanswerable },
  { title: 'a BigInt', code: handler('return { n: 1n }'), statuses: unanswerable },
  { title: 'a symbol', code: handler('return Symbol("x")'), statuses: unanswerable },
  { title: 'a function', code: handler('return () => {}'), statuses: unanswerable },
  { title: 'a revoked Proxy', code: handler('const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy'), statuses: [500, 502] },
  { title: 'a Proxy round a Response', code: handler('return new Proxy(new Response("x"), {})'), statuses: refusedOrHarmless },
  {
    title: 'a subclass of Response that lies',
    code: handler(
      'return new (class extends Response { get status() { return -1 } get headers() { return { get: () => "x", *[Symbol.iterator]() { yield ["x-a", "a\\r\\nx-evil: yes"] } } } })("x")',
    ),
    statuses: refusedOrHarmless,
  },
  {
    title: 'an object that says it is a Response',
    code: handler('return Object.setPrototypeOf({ status: 200, headers: null }, Response.prototype)'),
    statuses: refusedOrHarmless,
  },
  { title: 'a thrown null', code: handler('throw null'), statuses: failed },
  { title: 'a thrown symbol', code: handler('throw Symbol("x")'), statuses: failed },
  {
    title: 'a thrown Proxy that throws',
    code: handler('throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 }, ownKeys() { throw 3 } })'),
    statuses: failed,
  },
  { title: 'an error that is its own cause', code: handler('const error = new Error("x"); error.cause = error; throw error'), statuses: failed },
  { title: 'an error of a hundred megabytes', code: handler('throw new Error("x".repeat(1e8))'), statuses: [500, 502, 504] },
  { title: 'no answer', code: handler(''), statuses: unanswerable },
  { title: 'two answers', code: handler('res.json({ first: true }); res.json({ second: true }); res.status(500).end()'), statuses: [200], answer: /first/ },
  { title: 'a stream that never ends', code: handler('res.write("begun"); await new Promise(() => {})'), statuses: [0, 200], timeoutMs: 500 },
  {
    title: 'a stream of drops',
    code: handler('res.write("."); setInterval(() => res.write("."), 20); await new Promise(() => {})'),
    statuses: [0, 200],
    timeoutMs: 700,
  },
  {
    title: 'a stream that does not wait for its reader',
    code: handler('for (;;) res.write("x".repeat(1e5))'),
    statuses: [0, 200, 500, 502, 504],
    losesWorker: true,
  },
  { title: 'pieces of 40 MB', code: handler('res.write("x".repeat(4e7)); res.end()'), statuses: [0, 200, 500, 502] },
  {
    title: 'a Response whose stream never ends',
    code: handler('return new Response(new ReadableStream({ pull(to) { to.enqueue(new Uint8Array(65536)) } }))'),
    statuses: [0, 200, 500, 502, 504],
    timeoutMs: 1000,
  },
  {
    title: 'a Response whose stream fails half-way',
    code: handler(
      'let n = 0; return new Response(new ReadableStream({ pull(to) { if (n++ > 3) throw new Error("half-way"); to.enqueue(new Uint8Array(10)) } }))',
    ),
    statuses: [0, 200, 500],
  },
  {
    title: 'a Response whose stream gives no bytes',
    code: handler('return new Response(new ReadableStream({ pull(to) { to.enqueue({}) } }))'),
    statuses: [0, 200, 500],
  },
]
