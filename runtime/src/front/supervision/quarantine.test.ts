import { strict as assert } from 'node:assert'
import type { FunctionEntry } from '../environment.ts'
import { Quarantine } from './quarantine.ts'

const version = (index: number, revision: number, middleware: FunctionEntry[] = []): FunctionEntry => ({
  index,
  name: `fn${index}`,
  version: `1.0.${revision}`,
  revision,
  methods: undefined,
  limits: {},
  source: undefined,
  middleware,
})
const at = new Date(0)

describe('the quarantine', () => {
  it('holds the version that was put there, and no other', () => {
    const quarantine = new Quarantine()
    assert.equal(quarantine.put(version(1, 5), 'It hung.', at), true)
    assert.equal(quarantine.put(version(1, 5), 'It hung.', at), false)
    assert.deepEqual(
      [version(1, 5), version(1, 6), version(2, 5)].map((each) => quarantine.holds(each)),
      [true, false, false],
    )
  })
  it('holds what a held middleware runs before', () => {
    const quarantine = new Quarantine()
    const middleware = version(1, 5)
    quarantine.put(middleware, 'It hung.', at)
    assert.equal(quarantine.holds(version(2, 1, [middleware])), true)
    assert.equal(quarantine.holds(version(3, 1)), false)
  })
  it('tells the owner of versions that are published still', () => {
    const quarantine = new Quarantine()
    quarantine.put(version(1, 5), 'It hung.', at)
    quarantine.put(version(2, 5), 'It hung.', at)
    const find = (name: string) => (name === 'fn1' ? version(1, 5) : version(2, 6))
    assert.deepEqual(quarantine.list({ find }), [{ name: 'fn1', version: '1.0.5', reason: 'It hung.', at }])
  })
})
