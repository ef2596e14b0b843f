import { strict as assert } from 'node:assert'
import { countChangedLines } from './line-changes.ts'

describe('countChangedLines', () => {
  it('counts a changed line as one that went and one that came', () => {
    assert.deepEqual(countChangedLines('a\nb\nc\n', 'a\nB\nc\n'), { added: 1, removed: 1 })
  })

  it('counts a whole text that is new', () => {
    assert.deepEqual(countChangedLines('', 'a\nb\n'), { added: 2, removed: 0 })
  })

  it('counts nothing for equal texts, whatever their last line end', () => {
    assert.deepEqual(countChangedLines('a\nb', 'a\nb\n'), { added: 0, removed: 0 })
  })
})
