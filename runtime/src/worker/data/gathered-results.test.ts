import { strict as assert } from 'node:assert'
import { stringPayloadBytesMax } from '../../sandbox/bridge.ts'
import type { Resumption } from '../sandbox/engine.ts'
import { GatheredResults } from './gathered-results.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const result = (number: number, payload = ''): Resumption => ({ code: 2, number, payload })

describe('results on their way into a function', () => {
  const given = () => {
    const gathered = new GatheredResults()
    const entries: [call: unknown, ...numbers: number[]][] = []
    const expect = (call: unknown) => gathered.expect(call, () => (first, more) => entries.push([call, first.number, ...more.map(({ number }) => number)]))
    return { expect, entries }
  }

  it('enter at once when the call waits for nothing else', () => {
    const { expect, entries } = given()
    const [a, b] = [expect(1), expect(2)]
    a(result(10))
    b(result(20))
    assert.deepEqual(entries, [
      [1, 10],
      [2, 20],
    ])
  })

  it('enter together when they come in one turn for one call, and never with those of another', async () => {
    const { expect, entries } = given()
    const takes = [1, 2, 1, 2, 1].map(expect)
    for (const [index, take] of takes.entries()) take(result(index))
    assert.deepEqual(entries, [])
    await turn()
    assert.deepEqual(entries, [
      [1, 0, 2, 4],
      [2, 1, 3],
    ])
  })

  it('enter in several entries when they are many', async () => {
    const { expect, entries } = given()
    const takes = Array.from({ length: 250 }, () => expect(1))
    for (const [index, take] of takes.entries()) take(result(index))
    await turn()
    assert.deepEqual(
      entries.map(({ length }) => length - 1),
      [100, 100, 50],
    )
  })

  it('do not wait when they are large', () => {
    const { expect, entries } = given()
    const [large] = [expect(1), expect(1)]
    large?.(result(5, 'x'.repeat(stringPayloadBytesMax + 1)))
    assert.deepEqual(entries, [[1, 5]])
  })

  it('are kept for a call that asks again meanwhile', async () => {
    const { expect, entries } = given()
    const [a, b] = [expect(1), expect(1)]
    a?.(result(1))
    b?.(result(2))
    expect(1)(result(3))
    await turn()
    assert.deepEqual(entries, [
      [1, 3],
      [1, 1, 2],
    ])
  })
})
