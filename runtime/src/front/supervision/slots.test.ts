import { strict as assert } from 'node:assert'
import { Slots } from './slots.ts'

describe('slots', () => {
  it('give each item an id that is never 0 and finds it again', () => {
    const slots = new Slots<string>()
    const a = slots.add('a')
    const b = slots.add('b')
    assert.notEqual(a, 0)
    assert.notEqual(a, b)
    assert.deepEqual([slots.get(a), slots.get(b), slots.size], ['a', 'b', 2])
  })
  it('let a late id find nobody once its place was given away', () => {
    const slots = new Slots<string>()
    const first = slots.add('first')
    slots.remove(first)
    const second = slots.add('second')
    assert.equal(second & 0xffff, first & 0xffff)
    assert.equal(slots.get(first), undefined)
    slots.remove(first)
    assert.equal(slots.get(second), 'second')
    assert.equal(slots.size, 1)
  })
  it('survive more rounds than a generation can count', () => {
    const slots = new Slots<number>()
    for (let round = 0; round < 70_000; round++) {
      const id = slots.add(round)
      assert.equal(slots.get(id), round)
      slots.remove(id)
    }
    assert.equal(slots.size, 0)
  })
  it('can be walked while they change', () => {
    const slots = new Slots<string>()
    for (const item of ['a', 'b', 'c']) slots.add(item)
    for (const { id } of slots.entries()) slots.remove(id)
    assert.equal(slots.size, 0)
  })
})
