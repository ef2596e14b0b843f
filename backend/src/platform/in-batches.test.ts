import { strict as assert } from 'node:assert'
import { inBatches } from './in-batches.ts'

describe('work in batches', () => {
  it('lets what is asked for meanwhile go together', async () => {
    const batches: (readonly number[])[] = []
    const add = inBatches<number>(async (items) => {
      batches.push(items)
      await new Promise((resolve) => setImmediate(resolve))
    })
    const first = add(1)
    await new Promise((resolve) => queueMicrotask(() => resolve(undefined)))
    await Promise.all([first, add(2), add(3)])
    assert.deepEqual(batches, [[1], [2, 3]])
  })

  it('fails those whose batch failed, and nobody after them', async () => {
    const add = inBatches<string>(async (items) => {
      if (items.includes('bad')) throw new Error('refused')
    })
    await assert.rejects(add('bad'), /refused/)
    await add('good')
  })
})
