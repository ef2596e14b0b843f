import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { givenWorker } from '../support/given-worker.ts'

// Each function has a context of its own, of some hundred kilobytes: so many fill this memory more than once.
const memoryMb = 32
const functionCount = 150
const code = 'export default () => ({ ok: true })'

describe('functions that fill the memory of their environment by their number alone', () => {
  it('are all loaded and all answer, published one right after the other', async () => {
    await using worker = await givenWorker({ memoryMb })
    const calls = await Promise.all(Array.from({ length: functionCount }, () => worker.given(code)))
    for (const call of calls) assert.equal((await call()).text, '{"ok":true}')
    const { level } = await worker.logged(({ message }) => message.startsWith('The memory limit of the environment was reached.'))
    assert.equal(level, 'error', 'their author reads why they were started again')
  })

  it('do so as well with pauses, in which contexts are made ahead', async () => {
    await using worker = await givenWorker({ memoryMb })
    for (let count = 0; count < functionCount; count++) {
      const call = await worker.given(code)
      // Longer than the worker waits before it makes the next context.
      await sleep(8)
      assert.equal((await call()).text, '{"ok":true}')
    }
  })
})
