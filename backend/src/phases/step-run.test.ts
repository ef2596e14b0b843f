import { strict as assert } from 'node:assert'
import { createMovingClock } from '../../test/support/moving-clock.ts'
import { advanceTo } from './decisions.ts'
import { newPhaseDocument } from './phase-document.ts'
import { runStep } from './step-run.ts'

const limits = { renewEveryMs: 20_000, lockTtlMs: 60_000, stepDeadlineMs: 120_000, abortGraceMs: 1_000 }

/** Runs a step with one side effect; the process stands still for so long before it is given the answer that the claim is renewed. */
async function runWithPauseMs(pauseMs: number) {
  const clock = createMovingClock()
  let effects = 0
  const outcome = await runStep({
    held: { _id: 'a', ...newPhaseDocument(new Date()) },
    async step(_, { confirm }) {
      await confirm()
      effects++
      return advanceTo('Created')
    },
    claims: {
      async renew() {
        clock.advanceMs(pauseMs)
        return true
      },
    },
    clock,
    stopSignal: new AbortController().signal,
    limits,
  })
  return { kind: outcome.kind, effects }
}

describe('a step that confirms its claim before a side effect', () => {
  it('goes on with an answer that is young enough', async () => {
    assert.deepEqual(await runWithPauseMs(limits.lockTtlMs - 1_000), { kind: 'decided', effects: 1 })
  })

  it('counts as having lost it when the answer comes to a process that stood still for longer than the lock lasts', async () => {
    assert.deepEqual(await runWithPauseMs(limits.lockTtlMs), { kind: 'lost', effects: 0 })
  })
})
