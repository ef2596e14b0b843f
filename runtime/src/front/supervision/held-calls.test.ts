import { strict as assert } from 'node:assert'
import type { Call } from './call.ts'
import { HeldCalls, heldCallsMax } from './held-calls.ts'

const callOf = (index: number, requestId: string): Call => ({ entry: { index }, requestId }) as unknown as Call
const idsOf = (calls: readonly Call[]): string[] => calls.map(({ requestId }) => requestId)

describe('calls held for a place of their function', () => {
  it('come back in the order in which they came, each function by itself', () => {
    const held = new HeldCalls()
    for (const [index, id] of [
      [1, 'a'],
      [2, 'b'],
      [1, 'c'],
      [1, 'd'],
    ] as const)
      held.add(callOf(index, id))
    assert.deepEqual(idsOf(held.take(1, 2)), ['a', 'c'])
    assert.deepEqual([held.callCount, idsOf(held.take(3, 1)), idsOf(held.take(1, 0))], [2, [], []])
    assert.deepEqual(idsOf(held.takeAll()), ['d', 'b'])
    assert.equal(held.callCount, 0)
  })
  it('are turned away when their own line is full, and no other', () => {
    const held = new HeldCalls()
    for (let at = 0; at < heldCallsMax; at++) assert.ok(held.add(callOf(1, String(at))))
    assert.equal(held.add(callOf(1, 'too many')), false)
    assert.equal(held.add(callOf(2, 'other')), true)
  })
  it('leave when nobody waits for them any more', () => {
    const held = new HeldCalls()
    for (const id of ['a', 'b', 'c']) held.add(callOf(1, id))
    held.keepOnly(({ requestId }) => requestId === 'b')
    assert.equal(held.callCount, 1)
    held.keepOnly(() => false)
    assert.deepEqual([held.callCount, held.takeAll()], [0, []])
  })
})
