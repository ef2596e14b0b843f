import { strict as assert } from 'node:assert'
import { silentLog } from '../../platform/log.ts'
import type { Environment, FunctionEntry, FunctionSource } from '../environment.ts'
import type { Load, LoadOutcome } from './call.ts'
import { VersionLoads } from './version-loads.ts'

const sourceOf = (revision: number): FunctionSource => ({ version: `1.0.${revision}`, revision, code: '', sourceMap: '' })
const entryOf = (revision: number, source?: FunctionSource): FunctionEntry =>
  ({ index: 3, name: 'hello', version: `1.0.${revision}`, revision, limits: {}, middleware: [], source }) as unknown as FunctionEntry

function givenLoads(serving?: FunctionEntry, has = false) {
  const sent: Load[] = []
  const environment = { key: 'g/dev', find: () => serving, quarantine: undefined } as unknown as Environment
  const worker = { has: () => has, sendLoad: (load: Load) => void sent.push(load) }
  const revisions = (): number[] => sent.map(({ source }) => source.revision)
  return { loads: new VersionLoads(environment, silentLog), worker, sent, revisions }
}

describe('versions on their way into a worker', () => {
  it('wait for one, and are counted until they are settled', async () => {
    const { loads, worker, sent, revisions } = givenLoads()
    const settled = loads.add(entryOf(1), sourceOf(1), undefined)
    assert.deepEqual([loads.waitingCount, loads.openCount], [1, 1])
    loads.sendWaiting(worker)
    assert.deepEqual([revisions(), loads.waitingCount, loads.openCount], [[1], 0, 1])
    sent[0]?.onSettled({ outcome: 'loaded' })
    assert.deepEqual([await settled, loads.openCount], [{ outcome: 'loaded' }, 0])
  })
  it('come after what serves where the worker lacks that, so that a refusal leaves it in place', () => {
    const { loads, worker, sent, revisions } = givenLoads(entryOf(1, sourceOf(1)))
    void loads.add(entryOf(1), sourceOf(2), worker)
    assert.deepEqual(revisions(), [1, 2])
    assert.deepEqual(
      sent.map(({ isServing }) => isServing),
      [true, undefined],
    )
  })
  it('come alone where the worker has what serves, or nobody has its code', () => {
    const [known, unknown] = [givenLoads(entryOf(1, sourceOf(1)), true), givenLoads(entryOf(1))]
    for (const { loads, worker, revisions } of [known, unknown]) {
      void loads.add(entryOf(1), sourceOf(2), worker)
      assert.deepEqual(revisions(), [2])
    }
  })
  it('are sent for a call where the worker lacks them and the code is here', () => {
    const { loads, worker, revisions } = givenLoads()
    assert.deepEqual([loads.ensure(worker, entryOf(1)), loads.openCount], [false, 0])
    assert.deepEqual([loads.ensure(worker, entryOf(1, sourceOf(1))), loads.openCount], [true, 1])
    assert.deepEqual(revisions(), [1])
  })
  it('are given up with those who wait', async () => {
    const { loads } = givenLoads()
    const settled: Promise<LoadOutcome> = loads.add(entryOf(1), sourceOf(1), undefined)
    loads.abandonWaiting()
    assert.deepEqual([await settled, loads.openCount], [{ outcome: 'abandoned' }, 0])
  })
})
