import { strict as assert } from 'node:assert'
import { totalmem } from 'node:os'
import { defaultMemoryBudgetMb, type MemoryHolder, pickForRoom } from './memory-budget.ts'

const mb = 1024 * 1024
const holder = (name: string, rssMb: number, usedAtMs: number, isQuiet = true): MemoryHolder & { name: string } => ({
  name,
  rssBytes: rssMb * mb,
  usedAtMs,
  isQuiet,
})
const named = (holders: { name: string }[]): string[] => holders.map(({ name }) => name)

describe('the memory budget of all workers', () => {
  it('asks nobody to leave while there is room', () => {
    assert.deepEqual(pickForRoom([holder('a', 60, 1), holder('b', 60, 2)], 120), [])
  })
  it('asks those who were used least recently, as few as make room', () => {
    assert.deepEqual(named(pickForRoom([holder('new', 60, 3), holder('old', 60, 1), holder('older', 60, 0)], 130)), ['older'])
    assert.deepEqual(named(pickForRoom([holder('new', 60, 3), holder('old', 60, 1), holder('older', 60, 0)], 70)), ['older', 'old'])
  })
  it('asks nobody who is at work, and nobody whose leaving would bring nothing', () => {
    assert.deepEqual(named(pickForRoom([holder('busy', 90, 0, false), holder('empty', 0, 1), holder('quiet', 60, 2)], 100)), ['quiet'])
  })
  it('is a part of what there is', () => {
    assert.ok(defaultMemoryBudgetMb() > 0 && defaultMemoryBudgetMb() < totalmem() / mb)
  })
})
