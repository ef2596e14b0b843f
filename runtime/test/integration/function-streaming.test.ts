import { strict as assert } from 'node:assert'
import { toWorker } from '../../src/frames/frames.ts'
import { eventually } from '../support/eventually.ts'
import { givenWorker, type WorkerUnderTest } from '../support/given-worker.ts'

const handler = (body: string): string => `export default async (req, res) => {\n${body}\n}`

describe('a streamed answer', () => {
  let worker: WorkerUnderTest
  before(async () => {
    worker = await givenWorker()
  })
  after(() => worker[Symbol.asyncDispose]())

  it('leaves piece by piece, as text and bytes', async () => {
    const answer = await worker.answerOf(
      'res.set("content-type", "text/event-stream"); for (let n = 0; n < 3; n++) { await res.write("data: " + n + "\\n\\n"); await new Promise((done) => setTimeout(done, 2)) } res.end(new Uint8Array([33]))',
    )
    assert.deepEqual(
      [answer.status, answer.headers['content-type'], answer.text, answer.chunks.length],
      [200, 'text/event-stream; charset=utf-8', 'data: 0\n\ndata: 1\n\ndata: 2\n\n!', 4],
    )
  })

  it('goes on from timers after the function has returned', async () => {
    const { text } = await worker.answerOf(
      'res.write("a"); let n = 0; const timer = setInterval(() => { res.write("b"); if (++n === 3) { clearInterval(timer); res.end("c") } }, 2)',
    )
    assert.equal(text, 'abbbc')
  })

  it('waits with the next piece while the caller does not read', async () => {
    const { index } = await worker.load(
      handler(
        'for (let n = 0; n < 5; n++) { await res.write(String(n)); console.log("wrote", req.id, n) ; await new Promise((done) => setTimeout(done, 30)) } res.end()',
      ),
    )
    const call = worker.begin(index)
    await eventually(() => assert.ok(call.chunks.length >= 2))
    worker.tell(call.id, toWorker.pause)
    await worker.ping()
    const heldAt = call.chunks.length
    await (await worker.given('export default () => new Promise((done) => setTimeout(done, 150, "waited"))'))()
    assert.equal(call.chunks.length, heldAt)
    worker.tell(call.id, toWorker.resume)
    assert.equal((await call.answer).text, '01234')
  })

  it('arrives whole and in order when the function waits for nothing, also from a buffer that it uses again', async () => {
    const { text } = await worker.answerOf(
      `const buffer = new Uint8Array(50_000)
      res.on('finish', () => console.log('finished', req.id))
      for (let n = 0; n < 60; n++) res.write(buffer.fill(97 + n % 26))
      res.end('end')
      console.log('ended', req.id, res.writableEnded)`,
    )
    assert.equal(text, `${Array.from({ length: 60 }, (_, n) => String.fromCharCode(97 + (n % 26)).repeat(50_000)).join('')}end`)
    const finished = await worker.logged(({ message }) => message.startsWith('finished'))
    const ended = await worker.logged(({ message }) => message.startsWith('ended') && message.endsWith('true'))
    assert.ok(worker.logs.indexOf(ended) < worker.logs.indexOf(finished), 'It was finished before it had left.')
  })

  it('fails when the function writes on and on without waiting, and holds nobody up', async () => {
    for (const piece of ['"x".repeat(1e5)', 'new Uint8Array(1e5)', '"x"']) {
      const { code, message } = await worker.failureOf(`for (;;) res.write(${piece})`)
      assert.deepEqual([code, /Await res\.write/.test(message)], ['FUNCTION_FAILED', true], `${piece}: ${message}`)
    }
  })

  it('lets a function that was held back go on when its caller goes away, as the call that it is', async () => {
    const { index } = await worker.load(
      handler('for (let n = 0; n < 40 && !req.signal.aborted; n++) await res.write("x".repeat(1e5)); await res.write("more"); console.log("went on", req.id)'),
    )
    const call = worker.begin(index)
    call.answer.catch(() => undefined)
    worker.tell(call.id, toWorker.pause)
    await eventually(() => assert.ok(call.chunks.length >= 2))
    worker.tell(call.id, toWorker.abort)
    const { requestId } = await worker.logged(({ message }) => message === `went on request-${call.id}`)
    assert.equal(requestId, `request-${call.id}`)
  })

  it('cancels a returned stream when its caller goes away', async () => {
    const { index } = await worker.load(`export default (req) => new Response(new ReadableStream({
      pull(controller) { controller.enqueue(new Uint8Array(1000)); return new Promise((done) => setTimeout(done, 5)) },
      cancel(reason) { console.log('cancelled', req.id, reason.name) },
    }))`)
    const call = worker.begin(index)
    call.answer.catch(() => undefined)
    await eventually(() => assert.ok(call.chunks.length >= 2))
    worker.tell(call.id, toWorker.abort)
    await worker.logged(({ message }) => message === `cancelled request-${call.id} AbortError`)
  })
})
