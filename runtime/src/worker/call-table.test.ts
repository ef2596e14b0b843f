import { strict as assert } from 'node:assert'
import { CallTable } from './call-table.ts'

describe('call table', () => {
  it('finds an open call by the number that the guest knows', () => {
    const calls = new CallTable<string>()
    const call = calls.open(7, 'owner')
    assert.equal(calls.find(call.number), call)
    assert.equal(calls.findByFrontId(7), call)
  })

  it('does not take a late word about an old call for one about the next in its slot', () => {
    const calls = new CallTable<string>()
    const first = calls.open(1, 'owner')
    const { number } = first
    calls.close(first)
    const second = calls.open(2, 'owner')
    assert.equal(second, first)
    assert.equal(calls.find(number), undefined)
    assert.equal(calls.find(second.number), second)
  })

  it('knows which calls an owner has open', () => {
    const calls = new CallTable<string>()
    const [a, b] = [calls.open(1, 'a'), calls.open(2, 'b')]
    assert.deepEqual(calls.of('a'), [a])
    calls.close(b)
    assert.equal(calls.openCount, 1)
  })

  it('finds nothing for what is no number of a call', () => {
    const calls = new CallTable<string>()
    for (const number of [undefined, 'x', -1, 0.5, Number.NaN, 2 ** 60]) assert.equal(calls.find(number), undefined)
  })
})
