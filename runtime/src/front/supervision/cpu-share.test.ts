import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { getPriority } from 'node:os'
import { nicenessOf, yieldBeyondShare } from './cpu-share.ts'

describe('the share of the processor', () => {
  it('weighs a process by its part of what is usual', () => {
    assert.deepEqual([4000, 500, 400, 250, 50, 1].map(nicenessOf), [0, 0, 1, 3, 10, 19])
  })

  it('is what a process has from then on', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'])
    await once(child, 'spawn')
    try {
      yieldBeyondShare(child.pid as number, 100)
      assert.equal(getPriority(child.pid), getPriority() + nicenessOf(100))
    } finally {
      child.kill()
      await once(child, 'exit')
    }
  })
})
