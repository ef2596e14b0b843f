import { strict as assert } from 'node:assert'
import { backoffMs } from './backoff.ts'

describe('the wait after a failure', () => {
  it('begins with a second, doubles, and ends at five minutes', () => {
    const waits = Array.from({ length: 12 }, (_, index) => backoffMs(index + 1, () => 0))
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000, 300_000])
  })

  it('is shortened by at most a fifth, at random', () => {
    assert.equal(
      backoffMs(1, () => 0.999_999),
      800,
    )
  })
})
