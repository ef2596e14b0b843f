import { strict as assert } from 'node:assert'
import { CallFailed, configurationDefault, givenWorker, type WorkerUnderTest } from '../support/given-worker.ts'

const failsWith = (code: string, text?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof CallFailed, String(error))
  assert.equal(error.failure.code, code)
  if (text) assert.match(error.failure.message, text)
  return true
}

describe("a function's own limits", () => {
  let worker: WorkerUnderTest
  before(async () => {
    worker = await givenWorker({ memoryMb: 128 })
  })
  after(async () => worker[Symbol.asyncDispose]())

  describe('for its answer', () => {
    it('let through what fits, to the byte', async () => {
      const call = await worker.given('export default (req, res) => res.send("ä".repeat(1024))', { responseBytesMax: 2048 })
      assert.equal((await call()).bytes.length, 2048)
    })
    it('refuse a whole answer that is larger, counted in bytes', async () => {
      const text = await worker.given('export default (req, res) => res.send("ä".repeat(1024) + "x")', { responseBytesMax: 2048 })
      await assert.rejects(text(), failsWith('FUNCTION_ANSWER_INVALID', /larger than the 2048 bytes.*The function sets this limit/))
      const bytes = await worker.given('export default (req, res) => res.send(new Uint8Array(2049))', { responseBytesMax: 2048 })
      await assert.rejects(bytes(), failsWith('FUNCTION_ANSWER_INVALID'))
    })
    it('end a stream that has become larger', async () => {
      const call = await worker.given('export default async (req, res) => { for (;;) await res.write("x".repeat(1000)) }', { responseBytesMax: 2048 })
      await assert.rejects(call(), failsWith('FUNCTION_ANSWER_INVALID', /responseBytesMax/))
    })
    it('go by the environment where that allows less, from the next call on', async () => {
      const call = await worker.given('export default (req, res) => res.send("x".repeat(5000))')
      assert.equal((await call()).text.length, 5000)
      await worker.configure({ limits: { ...configurationDefault.limits, responseBytesMax: 4096 } })
      await assert.rejects(call(), failsWith('FUNCTION_ANSWER_INVALID', /The environment sets this limit/))
      await worker.configure({})
      assert.equal((await call()).text.length, 5000)
    })
  })

  describe('for its memory', () => {
    const bomb =
      'const kept = []; export default async (req, res) => { if (req.query.go) for (;;) kept.push(new Array(1000).fill(kept.length)); res.json(kept.length) }'
    it('let it run out of memory alone', async () => {
      const healthy = await worker.given('let calls = 0; export default (req, res) => res.json(++calls)')
      const greedy = await worker.given(bomb, { memoryMb: 32 })
      assert.equal((await greedy()).text, '0')
      assert.equal((await healthy()).text, '1')
      for (let round = 0; round < 3; round++) await assert.rejects(greedy({ url: '/f?go=1' }), CallFailed)
      assert.equal((await healthy()).text, '2', 'the other function was started again')
      assert.equal((await greedy()).text, '0', 'the greedy one serves again')
      assert.equal(worker.process.exitCode, null)
      await worker.logged(({ message }) => /memory limit of 32 MB was reached/.test(message))
    })
    it('serve also with the least there is', async () => {
      const call = await worker.given('export default (req, res) => res.json(new Array(100000).fill(1).length)', { memoryMb: 16 })
      assert.equal((await call()).text, '100000')
    })
    it('never reach above what the environment has', async () => {
      const call = await worker.given(bomb, { memoryMb: 4096 })
      await assert.rejects(call({ url: '/f?go=1' }), CallFailed)
      await worker.logged(({ message }) => /memory limit of 128 MB was reached/.test(message))
    })
  })
})
