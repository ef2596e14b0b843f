// Functions may change the language of their own context. Whatever they change, each of their calls ends, and nobody else notices.
import { strict as assert } from 'node:assert'
import { CallFailed, givenWorker, type WorkerUnderTest } from '../support/given-worker.ts'

const changes = [
  'Promise.prototype.then = () => { throw 1 }',
  'Promise.prototype.catch = Promise.resolve = null',
  'globalThis.Promise = null',
  'JSON.parse = JSON.stringify = () => "{}"',
  'Map.prototype.get = Map.prototype.set = Map.prototype.delete = () => { throw 1 }',
  'Array.prototype.push = Array.prototype.join = () => { throw 1 }',
  'Array.prototype[Symbol.iterator] = () => { throw 1 }',
  'Array.prototype.filter = Array.prototype.find = Array.prototype.map = () => []',
  'Array.prototype.includes = () => true',
  'String.prototype.split = () => []',
  'String.prototype.toLowerCase = String.prototype.startsWith = () => "x"',
  'Object.entries = Object.keys = () => []',
  'Object.create = Object.assign = () => ({})',
  'Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => { throw 1 }',
  'Reflect.apply = Reflect.construct = () => { throw 1 }',
  'RegExp.prototype.test = () => false',
  'RegExp.prototype.exec = () => null',
  'Object.prototype.etag = "x"; Object.prototype.headers = 1; Object.prototype.status = 7; Object.prototype.over = new Error("over")',
  'Object.defineProperty(Object.prototype, "get", { get() { throw 1 }, set() {}, configurable: true })',
  'Object.setPrototypeOf(Array.prototype, null)',
  'globalThis.String = globalThis.Number = globalThis.Object = globalThis.Array = globalThis.Error = null',
  'globalThis.Uint8Array = globalThis.ArrayBuffer = null',
  'Number.isInteger = Array.isArray = ArrayBuffer.isView = () => false',
  'Error.prepareStackTrace = () => { throw 1 }',
  'Date.now = performance.now = () => NaN',
  'console.log = imp.log = null; globalThis.console = null',
  'Symbol.iterator = null; globalThis.Symbol = null',
]
const bodies = [
  'return res.status(201).json({ a: req.body.a })',
  'await null; return res.status(201).json({ a: req.body.a })',
  'await null; return { a: req.body.a }',
  'await null; throw new RangeError("mine")',
  'res.write("x"); await null; res.end()',
]

describe('a function that changes the language', () => {
  let worker: WorkerUnderTest
  before(async () => {
    worker = await givenWorker()
  })
  after(() => worker[Symbol.asyncDispose]())

  for (const change of changes) {
    it(`still has an end to each call, and hurts nobody: ${change}`, async () => {
      const healthy = await worker.given('export default async (req) => { await null; return { got: req.body } }')
      for (const body of bodies) {
        const { index, refusal } = await worker.load(`try { ${change} } catch {}\nexport default async (req, res) => { ${body} }`)
        // What does not load any more is refused, with the old version in place.
        if (refusal !== undefined) continue
        await worker
          .call(index, { headers: { 'content-type': 'application/json' }, body: '{"a":1}' })
          .catch((error: unknown) => assert.ok(error instanceof CallFailed, String(error)))
      }
      assert.equal((await healthy({ headers: { 'content-type': 'application/json' }, body: '{"a":1}' })).text, '{"got":{"a":1}}')
    })
  }
})
