import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import type { FunctionEntry } from '../environment.ts'
import { bucketOf, callerOf, chooseSide } from './choose-side.ts'

const entry = (version: string) => ({ version }) as unknown as FunctionEntry
const [stable, candidate] = [entry('1.0.0'), entry('1.0.1')]
const getsCandidate = (deploymentId: string, caller: string, percent: number): boolean =>
  chooseSide(stable, { deploymentId, entry: candidate, percent }, caller) === candidate
const kinds: Record<string, (index: number) => string> = {
  'ids that count up': (index) => index.toString(16).padStart(24, '0'),
  'addresses of one network': (index) => callerOf(undefined, `10.1.${index >> 8}.${index & 255}`, '\nuser-agent\ncurl/8.5.0'),
  'one address with many programs': (index) => callerOf(undefined, '127.0.0.1', `\nhost\nx\nUser-Agent\nagent ${index}`),
}

describe('the side of a canary that a caller gets', () => {
  for (const [kind, callerAt] of Object.entries(kinds))
    it(`is the candidate for as many as it should be, among ${kind}`, () => {
      const count = 20_000
      fc.assert(
        fc.property(fc.stringMatching(/^[0-9a-f]{24}$/), fc.integer({ min: 1, max: 99 }), (deploymentId, percent) => {
          const got = Array.from({ length: count }, (_, index) => getsCandidate(deploymentId, callerAt(index), percent)).filter(Boolean).length
          // Five standard deviations of a fair draw.
          const allowed = 5 * Math.sqrt((count * percent * (100 - percent)) / 10_000)
          return Math.abs(got - (count * percent) / 100) <= allowed
        }),
        { numRuns: 10 },
      )
    })

  it('is nobody at 0 and everybody at 100 percent', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (deployment, caller) => !getsCandidate(deployment, caller, 0) && getsCandidate(deployment, caller, 100)))
  })

  it('stays the candidate while the percentage grows', () => {
    const percent = fc.integer({ min: 0, max: 100 })
    fc.assert(
      fc.property(fc.string(), fc.string(), percent, percent, (deployment, caller, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)]
        return !getsCandidate(deployment, caller, less) || getsCandidate(deployment, caller, more)
      }),
    )
  })

  it('is drawn anew in the next canary', () => {
    const callers = Array.from({ length: 2_000 }, (_, index) => `caller ${index}`)
    const twice = callers.filter((caller) => getsCandidate('one', caller, 10) && getsCandidate('two', caller, 10))
    assert.ok(twice.length < 60, `${twice.length} of 2000 got the candidate both times; 20 are to be expected.`)
  })

  it('goes by the key, and without one by address and program', () => {
    assert.equal(callerOf('credential-1', '10.0.0.1', '\nuser-agent\na'), callerOf('credential-1', '10.0.0.2', '\nuser-agent\nb'))
    assert.notEqual(callerOf(undefined, '10.0.0.1', '\nUser-Agent\na'), callerOf(undefined, '10.0.0.1', '\nuser-agent\nb'))
    assert.equal(callerOf(undefined, '10.0.0.1', '\nUser-Agent\na\naccept\nx'), callerOf(undefined, '10.0.0.1', '\naccept\ny\nuser-agent\na'))
    assert.ok(bucketOf('d', callerOf(undefined, '10.0.0.1', '')) >= 0)
  })
})
