import { strict as assert } from 'node:assert'
import { type CanaryCalls, canaryCallsMin } from '@imprun/contracts'
import fc from 'fast-check'
import { noWindow } from './stored-canary.ts'
import { judge, rateOf } from './verdict.ts'

const none: CanaryCalls = { calls: 0, failed: 0 }
const calls = (total: number, failed = 0): CanaryCalls => ({ calls: total, failed })
const judged = (candidate: CanaryCalls, baseline: CanaryCalls, more: { recent?: CanaryCalls; earlier?: CanaryCalls; errorRateMax?: number } = {}) =>
  judge({
    window: { baseline, candidate },
    recent: { baseline: none, candidate: more.recent ?? none },
    earlier: more.earlier ?? none,
    errorRateMax: more.errorRateMax ?? 0.05,
  })
const anyCalls = (least = 0) =>
  fc.integer({ min: least, max: 5_000 }).chain((total) => fc.record({ calls: fc.constant(total), failed: fc.integer({ min: 0, max: total }) }))

describe('the verdict on a canary', () => {
  it('is insufficient below twenty requests, however many of them failed', () => {
    assert.equal(judged(calls(19, 19), calls(1_000)), 'insufficient')
    assert.equal(judged(calls(20, 20), calls(1_000)), 'failing')
    fc.assert(fc.property(anyCalls(), anyCalls(), (baseline, earlier) => judged(calls(canaryCallsMin - 1, 4), baseline, { earlier }) === 'insufficient'))
  })

  it('allows as much as it says, and not more', () => {
    assert.equal(judged(calls(100, 5), calls(100)), 'healthy')
    assert.equal(judged(calls(100, 6), calls(100)), 'failing')
    assert.equal(judged(calls(100, 15), calls(100, 10)), 'healthy')
    assert.equal(judged(calls(100, 16), calls(100, 10)), 'failing')
    assert.equal(judged(calls(100, 30), calls(100), { errorRateMax: 0.3 }), 'healthy')
  })

  it('never stops a fix of what is broken', () => {
    assert.equal(judged(calls(50, 50), calls(50, 50)), 'healthy')
    fc.assert(
      fc.property(anyCalls(canaryCallsMin), anyCalls(canaryCallsMin), (candidate, baseline) => {
        fc.pre(rateOf(candidate) <= rateOf(baseline))
        return judged(candidate, baseline) === 'healthy'
      }),
    )
  })

  it('compares with what was before, where the release before has too few requests of its own', () => {
    assert.equal(judged(calls(100, 50), none, { earlier: calls(100, 50) }), 'healthy')
    assert.equal(judged(calls(100, 50), none, { earlier: calls(100, 2) }), 'failing')
    assert.equal(judged(calls(100, 50), calls(20, 0), { earlier: calls(100, 50) }), 'failing')
    assert.equal(judged(calls(100, 50), none), 'failing')
  })

  it('sees what breaks late in a long step', () => {
    const well = calls(10_000, 0)
    assert.equal(judged(well, calls(10_000), { recent: calls(40, 40) }), 'failing')
    assert.equal(judged(well, calls(10_000), { recent: calls(40, 4) }), 'healthy', 'a few failures in a few seconds are chance')
    assert.equal(judged(well, calls(10_000), { recent: calls(19, 19) }), 'healthy', 'too few to say')
  })

  it('gets no better with one more failure', () => {
    const worse = { insufficient: 0, healthy: 0, failing: 1 }
    fc.assert(
      fc.property(anyCalls(), anyCalls(), ({ calls: total, failed }, baseline) => {
        fc.pre(failed < total)
        return worse[judged(calls(total, failed), baseline)] <= worse[judged(calls(total, failed + 1), baseline)]
      }),
    )
  })

  it('says nothing of nothing', () => {
    assert.equal(judge({ window: noWindow, recent: noWindow, earlier: none, errorRateMax: 0 }), 'insufficient')
  })
})
