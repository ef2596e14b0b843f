import { strict as assert } from 'node:assert'
import type { FunctionEntry } from '../environment.ts'
import type { Tally } from './canary.ts'
import { countWithLate, lateAfterMs, noteUsual } from './late-calls.ts'

const givenEntry = () => ({ version: '1.0.0' }) as unknown as FunctionEntry
function answered(entry: FunctionEntry, times: number, durationMs: number): FunctionEntry {
  for (let i = 0; i < times; i++) noteUsual(entry, durationMs)
  return entry
}

describe('calls that a canary counts before they end', () => {
  const tally = (...open: { arrivedAtMs: number; hasBegun: boolean }[]): Tally => ({ calls: 3, failed: 1, open: new Set(open) })

  it('are those that wait for longer than any call of the release before took', () => {
    const lateMs = lateAfterMs(answered(givenEntry(), 20, 40))
    assert.equal(lateMs, 2_000)
    const waiting = tally({ arrivedAtMs: 0, hasBegun: false }, { arrivedAtMs: 500, hasBegun: false }, { arrivedAtMs: 4_000, hasBegun: false })
    assert.deepEqual(countWithLate(waiting, lateMs, 5_000), { calls: 5, failed: 3 })
    assert.deepEqual(countWithLate(waiting, lateMs, 1_000), { calls: 3, failed: 1 })
  })

  it('are none of a function that is slow by nature', () => {
    const slow = answered(answered(givenEntry(), 20, 40), 1, 9_000)
    assert.equal(lateAfterMs(slow), 18_000)
  })

  it('are none whose answer has begun', () => {
    assert.deepEqual(countWithLate(tally({ arrivedAtMs: 0, hasBegun: true }), 2_000, 60_000), { calls: 3, failed: 1 })
  })

  it('are none where too little is known of the release before', () => {
    assert.equal(lateAfterMs(undefined), Number.POSITIVE_INFINITY)
    const entry = answered(givenEntry(), 19, 40)
    assert.equal(lateAfterMs(entry), Number.POSITIVE_INFINITY)
    entry.version = '1.0.1'
    assert.equal(lateAfterMs(answered(entry, 19, 40)), Number.POSITIVE_INFINITY, 'what another version did says nothing of this one')
  })
})
