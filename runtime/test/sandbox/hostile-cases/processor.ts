import { failed, type HostileCase, handler, stopped } from './hostile-case.ts'

/** Loops of all kinds: each is stopped, and its caller is told 504. */
export const loops: HostileCase[] = [
  { title: 'an endless loop', code: handler('for (;;) {}'), statuses: stopped },
  { title: 'an endless loop that catches everything', code: handler('for (;;) try { for (;;) {} } catch {}'), statuses: stopped },
  { title: 'a loop that goes on in finally', code: handler('const again = () => { try { again() } finally { again() } }; again()'), statuses: stopped },
  { title: 'an endless chain of microtasks', code: handler('for (;;) await null'), statuses: stopped },
  {
    title: 'microtasks that queue themselves',
    code: handler('const again = () => queueMicrotask(again); again(); await new Promise(() => {})'),
    statuses: stopped,
  },
  { title: 'an endless loop after an await', code: handler('await new Promise((done) => setTimeout(done, 1)); for (;;) {}'), statuses: stopped },
  { title: 'an endless loop in a timer', code: handler('setTimeout(() => { for (;;) {} }, 1); return "ok"'), statuses: [200] },
  { title: 'an endless loop in a timer of the module', code: 'setTimeout(() => { for (;;) {} }, 50)\nexport default () => "ok"', statuses: [200] },
  { title: 'an endless getter in its answer', code: handler('return res.json({ get x() { for (;;) {} } })'), statuses: stopped },
  { title: 'an endless toJSON in what it returns', code: handler('return { toJSON() { for (;;) {} } }'), statuses: stopped },
  { title: 'an endless ownKeys of a Proxy in what it returns', code: handler('return new Proxy({}, { ownKeys() { for (;;) {} } })'), statuses: stopped },
  { title: 'an endless toString as a header', code: handler('res.set("x-a", { toString() { for (;;) {} } })'), statuses: stopped },
  { title: 'an endless message of what it throws', code: handler('throw { get message() { for (;;) {} } }'), statuses: stopped },
  {
    title: 'an endless stack of what it throws',
    code: handler('const error = new Error("x"); Object.defineProperty(error, "stack", { get() { for (;;) {} } }); throw error'),
    statuses: stopped,
  },
  { title: 'an endless Error.prepareStackTrace', code: handler('Error.prepareStackTrace = () => { for (;;) {} }; throw new Error("x")'), statuses: stopped },
  { title: 'an endless Symbol.toPrimitive of what it throws', code: handler('throw { [Symbol.toPrimitive]() { for (;;) {} } }'), statuses: [500, 504] },
  {
    title: 'an endless comparison in a sort',
    code: handler('return Array.from({ length: 1000 }, Math.random).sort(() => { for (;;) {} })'),
    statuses: stopped,
  },
  { title: 'an endless reviver', code: handler('return JSON.parse("[1,2]", () => { for (;;) {} })'), statuses: stopped },
  { title: 'an endless replacer', code: handler('return "xx".replace(/x/g, () => { for (;;) {} })'), statuses: stopped },
  { title: 'an endless generator', code: handler('for (const n of (function* () { for (;;) yield 1 })()) void n'), statuses: stopped },
  { title: 'an endless async generator', code: handler('for await (const n of (async function* () { for (;;) yield 1 })()) void n'), statuses: stopped },
  { title: 'a thenable that answers with itself', code: handler('return { then(done) { done(this) } }'), statuses: stopped },
  { title: 'a thenable that never answers', code: handler('return { then() {} }'), statuses: stopped },
  { title: 'a promise that never settles', code: handler('return new Promise(() => {})'), statuses: stopped },
  {
    title: 'a regular expression that backtracks for ever',
    code: handler('return String(/^(a+)+$/.test("a".repeat(40) + "!"))'),
    statuses: [200, 504],
    answer: /false/,
  },
  { title: 'one with a back reference', code: handler('return String(/^(a+)+(\\\\1)$/.test("a".repeat(40) + "b"))'), statuses: [200, 504] },
  { title: 'a recursion without end', code: handler('const again = () => again(); again()'), statuses: failed },
  {
    title: 'a recursion in what it throws',
    code: handler('throw { toString() { return this + "" }, get message() { return String(this) } }'),
    statuses: failed,
  },
  { title: 'sources nested a hundred thousand deep', code: handler('return String(eval("[".repeat(1e5) + "]".repeat(1e5)).length)'), statuses: [200, 500] },
  {
    title: 'a pattern nested a hundred thousand deep',
    code: handler('return String(new RegExp("(?:".repeat(1e5) + ")".repeat(1e5)).test("a"))'),
    statuses: [200, 500],
  },
  { title: 'JSON nested half a million deep', code: handler('return "read"'), body: '['.repeat(500_000), statuses: [200, 400, 413, 500] },
  { title: 'an answer nested half a million deep', code: handler('let all = []; for (let n = 0; n < 5e5; n++) all = [all]; return all'), statuses: [502, 504] },
  {
    title: 'a rejection that nobody handles, with an endless message',
    code: handler('Promise.reject({ get message() { for (;;) {} } }); return "ok"'),
    statuses: [200, 500, 502, 504],
    losesWorker: true,
  },
]

/** Built-ins of V8 that look at no clock: only the front, which notices the silence, ends them. */
export const builtins: HostileCase[] = [
  { title: 'a power of a BigInt', code: handler('let x = 3n; for (;;) x = x * x'), statuses: [500, 502, 504], losesWorker: true },
  {
    title: 'a search through what says it is endless',
    code: handler('return String(Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1))'),
    statuses: [502, 504],
    losesWorker: true,
  },
  {
    title: 'a search through an array of 2^32 holes',
    code: handler('const all = []; all.length = 2 ** 32 - 1; return String(all.indexOf(7))'),
    statuses: [200, 502, 504],
    losesWorker: true,
  },
  {
    title: 'two gigabytes by replaceAll',
    code: handler('return String("x".repeat(2 ** 27).replaceAll("x", "yz").length)'),
    statuses: [200, 500, 502, 504],
    losesWorker: true,
  },
  { title: 'the digits of a BigInt', code: handler('return String((3n ** 20000000n).toString().length)'), statuses: [200, 500, 502, 504], losesWorker: true },
  {
    title: 'a hundred megabytes normalized',
    code: handler('return String("\\u00e9".repeat(2 ** 26).normalize("NFD").length)'),
    statuses: [200, 500, 502, 504],
    losesWorker: true,
  },
  {
    title: 'a join of 2^28 holes',
    code: handler('const all = []; all.length = 2 ** 28; return String(all.join("xy").length)'),
    statuses: [200, 500, 502, 504],
    losesWorker: true,
  },
  {
    title: 'a hundred million elements at once',
    code: handler('return String(new Array(1e8).fill(0).length)'),
    statuses: [200, 500, 502, 504],
    losesWorker: true,
  },
]
