import { strict as assert } from 'node:assert'
import { inBatches, readInBatches } from './in-batches.ts'

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

describe('reading in batches', () => {
  it('gives each what it asked for, and reads what several ask for once', async () => {
    const batches: (readonly string[])[] = []
    const read = readInBatches<number>(async (keys) => {
      batches.push(keys)
      await new Promise((resolve) => setImmediate(resolve))
      return new Map(keys.filter((key) => key !== 'missing').map((key) => [key, key.length]))
    })
    const first = read('a')
    await new Promise((resolve) => queueMicrotask(() => resolve(undefined)))
    assert.deepEqual(await Promise.all([first, read('bb'), read('missing'), read('bb')]), [1, 2, undefined, 2])
    assert.deepEqual(batches, [['a'], ['bb', 'missing']])
  })
})
