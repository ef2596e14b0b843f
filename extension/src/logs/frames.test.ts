import { strict as assert } from 'node:assert'
import { findFrames } from './frames.ts'

describe('frames of a stack', () => {
  it('are found with function, line and column', () => {
    const text = 'TypeError: no\n    at look (greet.ts:2:9)\n    at orders/list.ts:15:3'
    assert.deepEqual(
      findFrames(text).map(({ name, line, column, start, end }) => [name, line, column, text.slice(start, end)]),
      [
        ['greet', 2, 9, 'greet.ts:2:9'],
        ['orders/list', 15, 3, 'orders/list.ts:15:3'],
      ],
    )
  })

  it('are none in addresses and in paths of a machine', () => {
    assert.deepEqual(findFrames('http://host/greet.ts:2:9 /srv/app/greet.ts:2:9 file:///a/greet.ts:1:1 greet.ts:2'), [])
  })
})
