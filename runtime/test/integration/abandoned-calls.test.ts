import { strict as assert } from 'node:assert'
import { toWorker } from '../../src/frames/frames.ts'
import { givenWorker, type WorkerUnderTest } from '../support/given-worker.ts'

const pause = 'const pause = (ms) => new Promise((done) => setTimeout(done, ms));'

describe('a call that nobody waits for any more', () => {
  let worker: WorkerUnderTest
  before(async () => {
    worker = await givenWorker()
  })
  after(() => worker[Symbol.asyncDispose]())

  it('hears that its caller went away, by signal and by event, and may finish what it does', async () => {
    const { index } = await worker.load(`${pause} export default async (req, res) => {
      req.signal.addEventListener('abort', () => console.log('heard', req.id, req.signal.reason.name, req.aborted))
      res.on('close', () => console.log('closed', req.id, res.writableEnded))
      console.log('waits', req.id)
      await pause(200)
      console.log('finished', req.id)
    }`)
    const call = worker.begin(index)
    call.answer.catch(() => undefined)
    await worker.logged(({ message }) => message === `waits request-${call.id}`)
    worker.tell(call.id, toWorker.abort)
    await worker.logged(({ message }) => message === `heard request-${call.id} AbortError true`)
    await worker.logged(({ message }) => message === `closed request-${call.id} false`)
    await worker.logged(({ message }) => message === `finished request-${call.id}`)
  })

  it('ends with an error when its time is up too, whatever it waits for', async () => {
    const { index } = await worker.load(
      `${pause} export default async (req, res) => {
        let rounds = 0
        console.log('loops', req.id)
        try {
          for (;;) { await pause(5); rounds++ }
        } catch (error) {
          console.log('ended', req.id, error.name, rounds > 2, req.signal.aborted)
          await pause(1).catch((next) => console.log('again', req.id, next.name))
        }
      }`,
      { timeoutMs: 150 },
    )
    const call = worker.begin(index)
    call.answer.catch(() => undefined)
    await worker.logged(({ message }) => message === `loops request-${call.id}`)
    worker.tell(call.id, toWorker.abort)
    await worker.logged(({ message }) => message === `ended request-${call.id} TimeoutError true true`)
  })

  it('leaves the others of its function alone', async () => {
    const { index } = await worker.load(
      `${pause} export default async (req, res) => { console.log('here', req.id); await pause(100); return { aborted: req.signal.aborted } }`,
      {
        timeoutMs: 150,
      },
    )
    const abandoned = worker.begin(index)
    abandoned.answer.catch(() => undefined)
    await worker.logged(({ message }) => message === `here request-${abandoned.id}`)
    const other = worker.begin(index)
    worker.tell(abandoned.id, toWorker.abort)
    assert.deepEqual(JSON.parse((await other.answer).text), { aborted: false })
  })

  it('tells the end of an ordinary answer by the events that Express has', async () => {
    const call = await worker.given(
      `${pause} export default async (req, res) => { for (const event of ['finish', 'close']) res.on(event, () => console.log(event, req.id)); req.on('close', () => console.log('req close', req.id)); await pause(1); res.send('x') }`,
    )
    const { text } = await call()
    assert.equal(text, 'x')
    await worker.logged(({ message }) => message.startsWith('req close'))
    const told = worker.logs.map(({ message }) => message.split(' request')[0]).filter((message) => ['finish', 'close', 'req close'].includes(message ?? ''))
    assert.deepEqual(told, ['finish', 'close', 'req close'])
  })
})
