import { exhausted, type HostileCase, handler, stopped } from './hostile-case.ts'

/** Too much of something that is allowed. `{outside}` is the address of a server outside that is no friend either. */
export const floods: HostileCase[] = [
  { title: 'a million log lines', code: handler('for (let n = 0; n < 1e6; n++) console.log("flood", n); return "ok"'), statuses: [200, 504] },
  { title: 'log lines of ten megabytes', code: handler('for (let n = 0; n < 20; n++) console.log("y".repeat(1e7)); return "ok"'), statuses: [200, 504] },
  {
    title: 'a log of what cannot be printed',
    code: handler('console.log(new Proxy({}, { get() { throw 1 }, ownKeys() { throw 2 } }), { get x() { throw 3 } }, Symbol("s")); return "ok"'),
    statuses: [200],
  },
  { title: 'a log of what loops when it is printed', code: handler('console.log({ get x() { for (;;) {} } }); return "ok"'), statuses: [200, 500, 504] },
  // The time limit inside the process stands still while the process works for the function, so the one outside may come first.
  { title: 'random numbers without end', code: handler('for (;;) crypto.getRandomValues(new Uint8Array(10))'), statuses: stopped, losesWorker: true },
  { title: 'addresses without end', code: handler('for (let n = 0; ; n++) new URL("http://a.test/" + n)'), statuses: stopped, losesWorker: true },
  {
    title: 'bytes without end in a stream',
    code: handler('const piece = new Uint8Array(1e5); for (;;) res.write(piece)'),
    statuses: [0, 502, 504],
    losesWorker: true,
  },
  {
    title: 'timers without end',
    code: handler('try { for (;;) setTimeout(() => {}, 1e6) } catch (error) { return error.message }'),
    statuses: [200],
    answer: /1000 timers/,
  },
  { title: 'a thousand timers that never rest', code: handler('for (let n = 0; n < 900; n++) setInterval(() => {}, 1); return "ok"'), statuses: [200] },
  {
    title: 'timers that make timers',
    code: handler('const again = () => { for (let n = 0; n < 3; n++) setTimeout(again, 1) }; again(); return "ok"'),
    statuses: [200],
  },
  {
    title: 'rejections that nobody handles',
    code: handler('for (let n = 0; n < 1000; n++) Promise.reject(new Error("nobody " + n)); return { mine: true }'),
    statuses: [200],
    answer: /mine/,
  },
  {
    title: 'database operations without end',
    code: handler(
      'const all = []; try { for (;;) all.push(imp.db().collection("x").findOne()) } catch (error) { await Promise.allSettled(all); return error.message }; await Promise.allSettled(all); return "ok"',
    ),
    statuses: exhausted,
    losesWorker: true,
    timeoutMs: 5000,
  },
  {
    title: 'cursors that are never closed',
    code: handler(
      'await imp.db().collection("many").insertMany(Array.from({ length: 500 }, (_, n) => ({ n }))); let opened = 0; try { for (; opened < 300; opened++) for await (const one of imp.db().collection("many").find({}, { batchSize: 1 })) { if (one) break } } catch (error) { return "stopped: " + error.message } return "opened " + opened',
    ),
    statuses: [200, 500, 504],
    timeoutMs: 5000,
  },
  {
    title: 'a document nested ten thousand deep',
    code: handler(
      'let all = {}; for (let n = 0; n < 1e4; n++) all = { all }; try { await imp.db().collection("x").insertOne(all) } catch (error) { return "refused: " + error.message } return "stored"',
    ),
    statuses: [200],
    answer: /^refused/,
  },
  {
    title: 'a document that holds itself',
    code: handler(
      'const all = {}; all.all = all; try { await imp.db().collection("x").insertOne(all) } catch (error) { return "refused: " + error.message } return "stored"',
    ),
    statuses: [200],
    answer: /^refused/,
  },
  {
    title: 'a document of fifty megabytes',
    code: handler(
      'try { await imp.db().collection("x").insertOne({ text: "x".repeat(5e7) }) } catch (error) { return "refused: " + error.message } return "stored"',
    ),
    statuses: [200, 500, 502],
    timeoutMs: 5000,
  },
  {
    title: 'a document with endless getters',
    code: handler('await imp.db().collection("x").insertOne({ get x() { for (;;) {} } }); return "stored"'),
    statuses: [500, 504],
  },
  {
    title: 'a filter with JavaScript for the server',
    code: handler('try { await imp.db().collection("x").find({ $where: "while (true) {}" }).toArray() } catch (error) { return error.code } return "ran"'),
    statuses: [200],
    answer: /DATA_ACCESS_REFUSED/,
  },
  {
    title: 'bytes that say they are BSON',
    code: handler(
      'try { await imp.db().collection("x").insertOne({ x: { _bsontype: "ObjectId", id: "short" }, y: { _bsontype: "Nonsense" } }) } catch (error) { return "refused" } return "stored"',
    ),
    statuses: [200],
  },
  {
    title: 'fetches without end',
    code: handler('const all = await Promise.allSettled(Array.from({ length: 2000 }, () => fetch("{outside}/hang"))); return all.length'),
    statuses: [200, 500, 504],
  },
  { title: 'a fetch that is answered for ever', code: handler('return await (await fetch("{outside}/endless")).text()'), statuses: [500, 502, 504] },
  { title: 'a fetch of a decompression bomb', code: handler('return (await (await fetch("{outside}/bomb")).bytes()).length'), statuses: [500, 502] },
  { title: 'a bomb inside a bomb', code: handler('return (await (await fetch("{outside}/bombs")).bytes()).length'), statuses: [200, 500, 502] },
  { title: 'a fetch with an endless head', code: handler('return (await fetch("{outside}/head")).status'), statuses: [500] },
  {
    title: 'a fetch that is answered drop by drop',
    code: handler('return await (await fetch("{outside}/drops")).text()'),
    statuses: [500, 504],
    timeoutMs: 700,
  },
  { title: 'a fetch that is never answered', code: handler('return await fetch("{outside}/hang")'), statuses: [500, 504], timeoutMs: 500 },
  {
    title: 'a fetch that sends for ever',
    code: handler('return await fetch("{outside}/take", { method: "POST", body: new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(1e6)) }) })'),
    statuses: [500, 502, 504],
  },
  {
    title: 'a fetch with broken words in its head',
    code: handler(
      'const found = []; for (const headers of [{ "x-a": "a\\r\\nx-evil: yes" }, { "x a": "b" }]) try { await fetch("{outside}/take", { headers }); found.push(headers) } catch {} return { found }',
    ),
    statuses: [200],
    answer: /^\{"found":\[\]\}/,
  },
  { title: 'a redirect that never ends', code: handler('return (await fetch("{outside}/round")).status'), statuses: [500] },
  { title: 'a call of itself through imp.invoke, without end', code: handler('return await imp.invoke("hostile", {})'), statuses: [200, 500, 502, 503, 504] },
  {
    title: 'promises for imp.waitUntil without end',
    code: handler('for (let n = 0; n < 1e5; n++) imp.waitUntil(new Promise(() => {})); return "ok"'),
    statuses: [200, 500],
  },
  {
    title: 'work after the answer that loops',
    code: handler('imp.waitUntil((async () => { await null; await new Promise((done) => setTimeout(done, 10)); for (;;) {} })()); return "ok"'),
    statuses: [200],
  },
]
