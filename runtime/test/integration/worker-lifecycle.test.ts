import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { toWorker } from '../../src/frames/frames.ts'
import { givenWorker } from '../support/given-worker.ts'

const slow = 'export default async () => { await new Promise((done) => setTimeout(done, 200)); return "done" }'

describe('the life of a worker', () => {
  it('ends with its socket', async () => {
    const worker = await givenWorker()
    ;(worker.process.stdio[3] as unknown as Socket).destroy()
    await worker.exited()
  })

  it('answers a ping', async () => {
    await using worker = await givenWorker()
    await worker.ping()
  })

  it('finishes what runs before it leaves when it is drained', async () => {
    await using worker = await givenWorker()
    const call = await worker.given(slow)
    const running = call()
    worker.tell(0, toWorker.drain)
    assert.equal((await running).text, 'done')
    await worker.exited()
  })

  it('leaves the signals of the terminal to the front', async () => {
    await using worker = await givenWorker()
    const call = await worker.given(slow)
    const running = call()
    worker.process.kill('SIGINT')
    worker.process.kill('SIGTERM')
    assert.equal((await running).text, 'done')
  })

  it('answers nobody any more when a call is aborted, and goes on with the others', async () => {
    await using worker = await givenWorker()
    const { index } = await worker.load(slow)
    const aborted = worker.begin(index)
    const other = worker.begin(index)
    let isAnswered = false
    aborted.answer.then(
      () => {
        isAnswered = true
      },
      () => undefined,
    )
    worker.tell(aborted.id, toWorker.abort)
    assert.equal((await other.answer).text, 'done')
    assert.equal(isAnswered, false)
  })

  it('leaves when the other side speaks nonsense', async () => {
    await using worker = await givenWorker({}, 'ignore')
    const socket = worker.process.stdio[3] as unknown as Socket
    socket.write(Buffer.alloc(64, 0xff))
    await once(worker.process, 'exit')
  })
})
