import { strict as assert } from 'node:assert'
import { WorkerWatch } from './worker-watch.ts'

const rules = { hangingMsMax: 700, silentMsMax: 2_500, spinningMsMax: 10_000 }
const mb = 1024 * 1024

/** A worker whose numbers a test makes up: `share` of a core is used from now on. */
function givenWatch(rssMb = 60, cpuMillicores?: number) {
  let cpuMs = 0
  const watch = new WorkerWatch(1, { memoryMb: 256, cpuMillicores }, () => ({ cpuMs, rssBytes: rssMb * mb }))
  let nowMs = 0
  /** @returns the first fault in so many milliseconds, judged every 20 */
  const pass = (forMs: number, facts: { share: number; isBusy: boolean; isSilent: boolean }) => {
    const endMs = nowMs + forMs
    for (let silentMs = 0; nowMs < endMs; ) {
      nowMs += 20
      cpuMs += 20 * facts.share
      silentMs = facts.isSilent ? silentMs + 20 : 0
      const fault = watch.judge(nowMs, silentMs, facts.isBusy, rules)
      if (fault !== undefined) return { fault, atMs: nowMs }
    }
    return undefined
  }
  return { watch, pass }
}

describe('the watch over a worker', () => {
  it('finds one that hangs in something soon, because it uses a core', () => {
    const { pass } = givenWatch()
    assert.equal(pass(1_000, { share: 1, isBusy: true, isSilent: false }), undefined)
    const found = pass(5_000, { share: 1, isBusy: true, isSilent: true })
    assert.equal(found?.fault, 'silent')
    assert.ok(found.atMs < 2_000, `${found.atMs} ms`)
  })
  it('finds one that hangs as soon as its time is over, whenever it looked last', () => {
    for (const earlierMs of [20, 40, 60, 80, 100]) {
      const { pass } = givenWatch()
      pass(earlierMs, { share: 1, isBusy: true, isSilent: false })
      assert.equal(pass(5_000, { share: 1, isBusy: true, isSilent: true })?.atMs, earlierMs + rules.hangingMsMax + 20)
    }
  })
  it('gives one that gets no processor more time', () => {
    const { pass } = givenWatch()
    assert.equal(pass(2_400, { share: 0.05, isBusy: true, isSilent: true }), undefined)
    assert.equal(pass(2_600, { share: 0.05, isBusy: true, isSilent: true })?.fault, 'silent')
  })
  it('leaves one alone that works hard and answers', () => {
    assert.equal(givenWatch().pass(60_000, { share: 1, isBusy: true, isSilent: false }), undefined)
  })
  it('finds one that uses a core up while nobody calls it', () => {
    const { pass } = givenWatch()
    assert.equal(pass(9_000, { share: 1, isBusy: false, isSilent: false }), undefined)
    assert.equal(pass(6_000, { share: 1, isBusy: false, isSilent: false })?.fault, 'spinning')
    assert.equal(givenWatch().pass(60_000, { share: 0.5, isBusy: false, isSilent: false }), undefined)
  })
  it('finds one that uses its share of a core up while nobody calls it', () => {
    const { pass } = givenWatch(60, 500)
    assert.equal(pass(20_000, { share: 0.4, isBusy: false, isSilent: false }), undefined)
    assert.equal(pass(20_000, { share: 0.6, isBusy: false, isSilent: false })?.fault, 'spinning')
  })
  it('finds one that takes more memory than it may', () => {
    assert.equal(givenWatch(700).pass(1_000, { share: 0.1, isBusy: true, isSilent: false }), undefined)
    assert.equal(givenWatch(720).pass(1_000, { share: 0.1, isBusy: true, isSilent: false })?.fault, 'outgrown')
  })
})
