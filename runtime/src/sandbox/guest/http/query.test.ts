import { strict as assert } from 'node:assert'
import querystring from 'node:querystring'
import { parseFields } from './query.ts'

describe('query', () => {
  it('reads what the simple parser of Express reads', () => {
    for (const text of [
      '',
      'a=1',
      'a=1&b=2&a=3',
      'a',
      'a=',
      '=1',
      'a=1&&b=2',
      'a+b=c+d',
      'a%20b=%C3%BC',
      'a=%',
      'a=%zz&b=%41',
      'a=b=c',
      'a[b]=1',
      '__proto__=1',
      'constructor=1',
      'a=1&a=2&a=3',
      'a=%ff&b=%e4%zz',
      'a=%C3%28%C3%BC',
    ]) {
      assert.deepEqual({ ...parseFields(text) }, { ...querystring.parse(text) }, text)
    }
  })

  it('gives names no meaning of their own', () => {
    const fields = parseFields('__proto__=x&toString=y')
    assert.equal(Object.getPrototypeOf(fields), null)
    assert.equal(fields.toString, 'y')
  })
})
