import { strict as assert } from 'node:assert'
import { inLine } from './lines.ts'

describe('a line', () => {
  it('lets one after the other work, also after one has failed, and other keys beside it', async () => {
    const seen: string[] = []
    const gate = Promise.withResolvers<void>()
    const first = inLine('a', async () => {
      await gate.promise
      seen.push('first')
      throw new Error('failed')
    })
    const second = inLine('a', async () => void seen.push('second'))
    await inLine('b', async () => void seen.push('beside'))
    gate.resolve()
    await assert.rejects(first, /failed/)
    await second
    assert.deepEqual(seen, ['beside', 'first', 'second'])
  })

  it('lets the next one begin as soon as one leaves', async () => {
    const gate = Promise.withResolvers<void>()
    const first = inLine('a', async (leave) => {
      leave()
      await gate.promise
    })
    await inLine('a', async () => {})
    gate.resolve()
    await first
  })
})
