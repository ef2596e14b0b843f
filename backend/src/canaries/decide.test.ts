import { strict as assert } from 'node:assert'
import type { CanaryWindow } from '@imprun/contracts'
import { type Decision, decide, observe, type Seen } from './decide.ts'
import { noWindow, type StoredCanary, toStoredCanary } from './stored-canary.ts'

const dueSince = new Date('2026-01-01T00:00:00Z')
const after = (seconds: number): Date => new Date(dueSince.getTime() + seconds * 1_000)
const counted = (candidate: number, failed = 0): CanaryWindow => ({ baseline: { calls: 100, failed: 0 }, candidate: { calls: candidate, failed } })
const steps = [
  { percent: 10, holdS: 60 },
  { percent: 50, holdS: 60 },
]
function given(more: Partial<StoredCanary> = {}, wish: Parameters<typeof toStoredCanary>[0] = { canary: { steps, errorRateMax: 0.05 } }): StoredCanary {
  const canary = toStoredCanary(wish)
  assert.ok(canary)
  return { ...canary, step: 1, percent: 10, stepAt: dueSince, ...more }
}
function decided(canary: StoredCanary, { sums = counted(50), now = after(61), newer, recent = noWindow }: Partial<Seen> = {}): Decision {
  const seen: Seen = { canary, dueSince, now, sums, recent, newer }
  return decide(seen, observe(seen))
}
const codeOf = (decision: Decision): string | undefined => (decision.kind === 'back' ? decision.error.code : undefined)

describe('what is done with a canary', () => {
  it('begins once every runtime has loaded it, and goes on step by step', () => {
    const fresh = given({ step: 0, percent: 0 })
    delete fresh.stepAt
    assert.deepEqual(decided(fresh, { sums: noWindow, now: dueSince }), { kind: 'step', step: 1, percent: 10 })
    assert.deepEqual(decided(given()), { kind: 'step', step: 2, percent: 50 })
    assert.deepEqual(decided(given({ step: 2, percent: 50 })), { kind: 'promote' })
  })

  it('waits until the time of a step is over, and longer without enough requests', () => {
    assert.deepEqual(decided(given(), { now: after(59) }), { kind: 'stay' })
    assert.deepEqual(decided(given(), { now: after(3_600), sums: counted(19, 19) }), { kind: 'stay' })
  })

  it('goes back at once when it fails, with the figures in its error', () => {
    const back = decided(given(), { now: after(3), sums: counted(40, 20) })
    assert.equal(codeOf(back), 'CANARY_FAILED')
    assert.match(back.kind === 'back' ? back.error.detail : '', /step 1 of 2, at 10 %, 20 of 40 requests failed \(50 %\); 5 % more than the 0 %/)
  })

  it('counts from the begin of the step', () => {
    const second = given({ step: 2, percent: 50, since: counted(100, 40), stepAt: after(60) })
    assert.equal(decided(second, { now: after(70), sums: counted(200, 40) }).kind, 'stay')
    assert.equal(codeOf(decided(second, { now: after(70), sums: counted(200, 60) })), 'CANARY_FAILED')
  })

  it("does a person's word, also against the figures", () => {
    const word = { by: 'kim', at: dueSince }
    assert.deepEqual(decided(given({ word: { ...word, action: 'promote' } }), { now: after(1), sums: counted(40, 40) }), { kind: 'promote' })
    const aborted = decided(given({ word: { ...word, action: 'abort', reason: 'totals look odd' } }))
    assert.deepEqual([codeOf(aborted), aborted.kind === 'back' && aborted.error.detail], ['CANARY_ABORTED', 'Aborted by kim: totals look odd'])
  })

  it('gives way to whoever deploys after it, before all else', () => {
    const back = decided(given({ word: { action: 'promote', by: 'kim', at: dueSince } }), { newer: 'd2' })
    assert.deepEqual([codeOf(back), back.kind === 'back' && back.supersededBy], ['DEPLOYMENT_SUPERSEDED', 'd2'])
  })

  it('goes back after a day without an end', () => {
    assert.equal(decided(given(), { now: after(24 * 3600 - 1), sums: counted(3) }).kind, 'stay')
    assert.equal(codeOf(decided(given(), { now: after(24 * 3600), sums: counted(3) })), 'CANARY_EXPIRED')
  })

  it('takes too few requests for no reason to wait in a health check, and a failing one back', () => {
    const check = given({ step: 1, percent: 100 }, { healthCheck: { seconds: 60 } })
    const silent = { baseline: { calls: 0, failed: 0 }, candidate: { calls: 3, failed: 3 } }
    assert.deepEqual(decided(check, { sums: silent, now: after(59) }), { kind: 'stay' })
    assert.deepEqual(decided(check, { sums: silent }), { kind: 'promote' })
    assert.equal(codeOf(decided(check, { sums: counted(30, 10), now: after(2) })), 'CANARY_FAILED')
    assert.equal(
      decided({ ...check, before: { calls: 100, failed: 90 } }, { sums: { ...silent, candidate: { calls: 30, failed: 20 } }, now: after(2) }).kind,
      'stay',
    )
  })
})
