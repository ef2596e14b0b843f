import { strict as assert } from 'node:assert'
import { LatestQueue } from './latest-queue.ts'

describe('LatestQueue', () => {
  it('runs one task of a key at a time and keeps only the newest that waits', async () => {
    const queue = new LatestQueue()
    const seen: string[] = []
    const gate = Promise.withResolvers<void>()
    const first = queue.run('a', async () => {
      await gate.promise
      seen.push('first')
    })
    void queue.run('a', async () => void seen.push('second'))
    const last = queue.run('a', async () => void seen.push('third'))
    gate.resolve()
    await Promise.all([first, last])
    assert.deepEqual(seen, ['first', 'third'])
    assert.equal(queue.isBusy('a'), false)
  })

  it('runs different keys side by side', async () => {
    const queue = new LatestQueue()
    const gate = Promise.withResolvers<void>()
    const blocked = queue.run('a', () => gate.promise)
    let ran = false
    await queue.run('b', async () => {
      ran = true
    })
    assert.equal(ran, true)
    gate.resolve()
    await blocked
  })

  it('runs what waits behind a task that fails, and fails only who asked for that', async () => {
    const queue = new LatestQueue()
    const gate = Promise.withResolvers<void>()
    const failing = queue.run('a', () => gate.promise)
    let ran = false
    const next = queue.run('a', async () => {
      ran = true
    })
    gate.reject(new Error('broken'))
    await assert.rejects(failing, { message: 'broken' })
    await next
    assert.equal(ran, true)
    assert.equal(queue.isBusy('a'), false)
  })
})
