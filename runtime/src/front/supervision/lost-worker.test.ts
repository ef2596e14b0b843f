import { strict as assert } from 'node:assert'
import type { RunningNote } from '../../frames/running-note.ts'
import { silentLog } from '../../platform/log.ts'
import type { Environment } from '../environment.ts'
import type { FrontEvent } from '../observe.ts'
import type { BoundWorker } from './bound-worker.ts'
import type { Call, Load } from './call.ts'
import type { LossReason } from './loss.ts'
import { LostWorker } from './lost-worker.ts'

const callOf = (id: number, more: Partial<Call> = {}): Call =>
  ({ id, requestId: `r${id}`, entry: { index: 1, name: 'f' }, hasCrossed: false, sentCount: 1, isDone: false, ...more }) as Call

function givenLoss(reason: LossReason, inFlight: { calls?: Call[]; loads?: Load[] }, note?: RunningNote) {
  const failed: string[] = []
  const blamed: number[] = []
  const events: FrontEvent[] = []
  const process = { pid: 7, runningNote: () => note, errorTail: () => '' }
  const worker = { process, takeInFlight: () => ({ calls: [], loads: [], ...inFlight }) } as unknown as BoundWorker
  const lost = new LostWorker({ key: 'g/dev' } as Environment, worker, reason, {
    quarantine: { blame: (_, index) => void blamed.push(index) },
    failCall: (call, code) => void failed.push(`${call.requestId} ${code}`),
    log: silentLog,
    observe: (event) => void events.push(event),
  })
  lost.blame()
  lost.settleRest()
  return { lost, failed, blamed, events, again: lost.callsAgain.map(({ requestId }) => requestId) }
}

describe('a lost worker', () => {
  it('leaves calls to the next one unless they touched the outside world, were sent too often or are over', () => {
    const calls = [callOf(1), callOf(2, { hasCrossed: true }), callOf(3, { sentCount: 3 }), callOf(4, { isDone: true })]
    const { again, failed, events } = givenLoss('exited', { calls })
    assert.deepEqual(again, ['r1'])
    assert.deepEqual(failed, ['r2 WORKER_LOST', 'r3 WORKER_LOST'])
    assert.partialDeepStrictEqual(events, [{ type: 'worker-lost', pid: 7, resent: 1, running: ['f'] }])
  })
  it('tells the call that hung it that its time is up, and blames its function alone', () => {
    const other = callOf(2, { entry: { index: 5, name: 'g' } as Call['entry'] })
    const { again, failed, blamed } = givenLoss('silent', { calls: [callOf(1), other] }, { functionIndex: 1, callId: 1 })
    assert.deepEqual([again, failed, blamed], [['r2'], ['r1 FUNCTION_TIMED_OUT'], [1]])
  })
  it('refuses the new version that hung it, and blames nothing that serves', () => {
    const outcomes: string[] = []
    const loadOf = (name: string, isServing?: true): Load =>
      ({
        entry: { index: 1, name: 'f' },
        sentCount: 1,
        ...(isServing && { isServing }),
        onSettled: ({ outcome }) => void outcomes.push(`${name} ${outcome}`),
      }) as Load
    const [serving, fresh] = [loadOf('serving', true), loadOf('fresh')]
    const { lost, blamed } = givenLoss('silent', { loads: [serving, fresh] }, { functionIndex: 1, callId: 0 })
    assert.deepEqual([lost.loadsAgain, outcomes, blamed], [[serving], ['fresh refused'], []])
  })
  it('sends nothing again when it could not be bound', () => {
    const { again, failed, blamed } = givenLoss('broken', { calls: [callOf(1)] })
    assert.deepEqual([again, failed, blamed], [[], ['r1 WORKER_LOST'], []])
  })
})
