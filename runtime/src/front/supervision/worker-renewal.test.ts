import { strict as assert } from 'node:assert'
import type { WorkerProcess } from './worker-process.ts'
import { WorkerRenewal } from './worker-renewal.ts'

const process = { pid: 1 } as WorkerProcess

/** Spares that come when the test says so. */
function givenRenewal() {
  const takers: ((worker: WorkerProcess) => void)[] = []
  const take = (taker: (worker: WorkerProcess) => void): (() => void) => {
    takers.push(taker)
    return () => void takers.splice(takers.indexOf(taker), 1)
  }
  return { renewal: new WorkerRenewal({ take }), takers }
}

describe('the renewal of a worker', () => {
  it('takes one spare, however often it is asked for before that is there, and settles when it is in place', async () => {
    const { renewal, takers } = givenRenewal()
    const replaced: WorkerProcess[] = []
    const replace = async (worker: WorkerProcess): Promise<void> => void replaced.push(worker)
    const settled = Promise.all([renewal.begin(replace), renewal.begin(replace)])
    assert.deepEqual([takers.length, renewal.isUnderWay], [1, true])
    takers[0]?.(process)
    await settled
    assert.deepEqual([replaced, renewal.isUnderWay], [[process], false])
  })
  it('takes its wish back when nobody needs the worker any more', async () => {
    const { renewal, takers } = givenRenewal()
    const settled = renewal.begin(() => assert.fail('Nothing is replaced.'))
    renewal.cancel()
    await settled
    assert.deepEqual([takers.length, renewal.isUnderWay], [0, false])
  })
})
