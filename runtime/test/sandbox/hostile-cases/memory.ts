import { exhausted, type HostileCase, handler } from './hostile-case.ts'

/** Ways to use up memory: the process may go with it, never another environment. */
export const memory: HostileCase[] = [
  ['arrays without end', 'const all = []; for (;;) all.push(new Array(1000).fill(Math.random()))'],
  ['objects without end', 'let all = {}; for (;;) all = { all, list: [1, 2, 3], text: "x" + Math.random() }'],
  ['text that doubles', 'let text = "x"; const all = []; for (;;) { text += text; all.push(text) }'],
  ['flat text without end', 'const all = []; for (let n = 0; ; n++) all.push(JSON.stringify("y".repeat(1e6) + n))'],
  ['text spread out', 'return [...".".repeat(5e8)].length'],
  ['typed arrays without end', 'const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1))'],
  ['typed arrays without end, errors caught', 'const all = []; for (;;) try { all.push(new Uint8Array(1e6).fill(1)) } catch {}'],
  ['tiny typed arrays without end', 'const all = []; for (;;) { const one = new Uint8Array(8); one.buffer; all.push(one) }'],
  ['a Map without end', 'const all = new Map(); for (let n = 0; ; n++) all.set(n, { n })'],
  ['closures without end', 'const all = []; for (let n = 0; ; n++) { const kept = new Array(100).fill(n); all.push(() => kept) }'],
  ['promises without end', 'const again = () => Promise.resolve().then(again); const all = []; for (;;) all.push(Promise.resolve().then(() => all))'],
  ['global symbols without end', 'for (let n = 0; ; n++) Symbol.for("x".repeat(1000) + n)'],
  ['compiled code without end', 'const all = []; for (let n = 0; ; n++) all.push(new Function("return " + JSON.stringify("z".repeat(1e4) + n)))'],
  [
    'errors with long stacks without end',
    'Error.stackTraceLimit = Infinity; const all = []; const deep = (n) => n ? deep(n - 1) : new Error("x"); for (;;) { const e = deep(5000); e.stack; all.push(e) }',
  ],
  ['native objects without end', 'const all = []; for (;;) all.push(new Intl.DateTimeFormat("en"), new Intl.NumberFormat("de"))'],
  ['patterns without end', 'const all = []; for (let n = 0; ; n++) { const one = new RegExp("(a|b){1,50}" + n); one.test("ab"); all.push(one) }'],
  ['elements of an endless length', 'return Array.from({ length: 2 ** 32 - 1 })'],
  ['objects of one for each of 2^25', 'return Array(2 ** 25).fill({}).map((_, n) => ({ n })).length'],
  ['a spread of an endless generator', 'return [...(function* () { for (let n = 0; ; n++) yield { n } })()]'],
  [
    'weak references and what is called when they go',
    'const all = new FinalizationRegistry(() => { for (;;) {} }); for (let n = 0; ; n++) { const one = { n }; all.register(one, n); new WeakRef(one) }',
  ],
].map(([title = '', source = '']) => ({ title, code: handler(source), statuses: exhausted, losesWorker: true as const, timeoutMs: 5000 }))

/** Memory that V8 does not count is not there at all. */
export const uncounted: HostileCase[] = [
  {
    title: 'memory of WebAssembly, shared memory, atomics',
    code: handler('return [typeof WebAssembly, typeof SharedArrayBuffer, typeof Atomics, typeof ShadowRealm].join()'),
    statuses: [200],
    answer: /^undefined,undefined,undefined,undefined$/,
  },
  {
    title: 'resizable buffers',
    code: handler(`const tries = {
        direct: () => new ArrayBuffer(8, { maxByteLength: 1e9 }).resizable,
        byConstructor: () => new (new Uint8Array(1).buffer.constructor)(8, { maxByteLength: 1e9 }).resizable,
        bySubclass: () => new (class extends ArrayBuffer { constructor() { super(8, { maxByteLength: 1e9 }) } })().resizable,
        byReflect: () => Reflect.construct(ArrayBuffer, [8, { maxByteLength: 1e9 }]).resizable,
        byOther: () => Reflect.construct(ArrayBuffer, [8, { maxByteLength: 1e9 }], Object).resizable,
        byPrototype: () => new (Object.getPrototypeOf(new Uint8Array(1).buffer).constructor)(8, { maxByteLength: 1e9 }).resizable,
        bySpecies: () => new Uint8Array(1).buffer.slice.call(new ArrayBuffer(8), 0).resizable,
        byBlob: async () => (await new Blob(['x']).arrayBuffer()).constructor(8, { maxByteLength: 1e9 }).resizable,
        byClone: () => structuredClone(new ArrayBuffer(8)).constructor(8, { maxByteLength: 1e9 }).resizable,
        byResize: () => typeof ArrayBuffer.prototype.resize === 'function',
        byTransfer: () => typeof ArrayBuffer.prototype.transfer === 'function',
      }
      const open = []
      for (const [name, attempt] of Object.entries(tries)) try { if (await attempt()) open.push(name) } catch {}
      return { open }`),
    statuses: [200],
    answer: /^\{"open":\[\]\}$/,
  },
]
