import { strict as assert } from 'node:assert'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FunctionLimits } from '@imprun/contracts'
import { silentLog } from '../../platform/log.ts'
import type { Environment, FunctionEntry, FunctionSource } from '../environment.ts'
import type { Call } from './call.ts'
import { type CallingWorker, WaitingCalls, waitingCallsMax } from './waiting-calls.ts'

const entryOf = (index: number, limits: FunctionLimits = {}): FunctionEntry =>
  ({ index, name: `f${index}`, limits, middleware: [], source: undefined }) as unknown as FunctionEntry

/** A worker that has all code but that of the functions named, and keeps what it is sent. */
function givenWaiting(concurrency: number, missing: number[] = []) {
  const sent: Call[] = []
  const ended: string[] = []
  const { promise: source, resolve: onSource } = Promise.withResolvers<FunctionSource | undefined>()
  const has = ({ index, source }: FunctionEntry): boolean => !missing.includes(index) || source !== undefined
  const served: CallingWorker = {
    get callCount() {
      return sent.length
    },
    runningOf: (index) => sent.filter(({ entry }) => entry.index === index).length,
    has,
    sendCall: (call) => void sent.push(call),
  }
  const owner = {
    worker: served as CallingWorker | undefined,
    ensureCode: (_: CallingWorker, entry: FunctionEntry) => has(entry),
    failCall: (call: Call, code: string) => void ended.push(`${call.requestId} ${code}`),
  }
  const environment = { key: 'g/dev', limits: { concurrency } } as Environment
  const waiting = new WaitingCalls<CallingWorker>(environment, { fetchSource: () => source, log: silentLog }, owner)
  const add = (requestId: string, entry: FunctionEntry, more: Partial<Call> = {}): boolean =>
    waiting.add({ requestId, entry, deadlineAtMs: 1_000, isDone: false, onFailed: (code) => void ended.push(`${requestId} ${code}`), ...more } as Call)
  const end = (requestId: string): void => {
    const [call] = sent.splice(
      sent.findIndex((each) => each.requestId === requestId),
      1,
    )
    waiting.onPlaceFree(call?.entry.index ?? 0)
  }
  const ids = (): string => sent.map(({ requestId }) => requestId).join(' ')
  return { waiting, owner, served, add, end, ids, ended, onSource }
}

describe('calls that wait', () => {
  it('are sent in the order in which they came, as many as may run, and calls of calls past that', () => {
    const { add, end, ids } = givenWaiting(2)
    const entry = entryOf(1)
    for (const id of ['a', 'b', 'c', 'd']) assert.ok(add(id, entry))
    assert.equal(ids(), 'a b')
    add('inner', entry, { isNested: true })
    assert.equal(ids(), 'a b inner')
    end('inner')
    end('a')
    assert.equal(ids(), 'b c')
  })
  it('let other functions pass while their own has no place', () => {
    const { add, end, ids, waiting } = givenWaiting(10)
    const [narrow, other] = [entryOf(1, { concurrency: 1 }), entryOf(2)]
    add('a', narrow)
    add('b', narrow)
    add('c', other)
    assert.deepEqual([ids(), waiting.callCount], ['a c', 1])
    end('a')
    assert.deepEqual([ids(), waiting.callCount], ['c b', 0])
  })
  it('let others pass while their code is read, and go when it is here', async () => {
    const { add, ids, onSource } = givenWaiting(10, [1])
    add('a', entryOf(1))
    add('b', entryOf(2))
    assert.equal(ids(), 'b')
    onSource({ version: '1.0.0', revision: 1, code: '', sourceMap: '' })
    await nextTurn()
    assert.equal(ids(), 'b a')
  })
  it('are told when there is no such code, with a worker or before one', async () => {
    const { add, ended, onSource, owner, waiting } = givenWaiting(10, [1])
    owner.worker = undefined
    add('a', entryOf(1))
    add('b', { ...entryOf(2), source: { version: '1.0.0', revision: 1, code: '', sourceMap: '' } })
    onSource(undefined)
    await nextTurn()
    assert.deepEqual([ended, waiting.callCount], [['a FUNCTION_NOT_FOUND'], 1])
  })
  it('end when their time is up, wherever they wait', () => {
    const { add, ended, waiting } = givenWaiting(2, [9])
    add('runs', entryOf(1, { concurrency: 1 }))
    add('held', entryOf(1, { concurrency: 1 }), { deadlineAtMs: 10 })
    add('parked', entryOf(9), { deadlineAtMs: 10 })
    add('fills', entryOf(2))
    add('lined', entryOf(2), { deadlineAtMs: 10 })
    add('patient', entryOf(2))
    waiting.endLate(11)
    assert.deepEqual(ended.sort(), ['held FUNCTION_TIMED_OUT', 'lined FUNCTION_TIMED_OUT', 'parked FUNCTION_TIMED_OUT'])
    assert.equal(waiting.callCount, 1)
  })
  it('are turned away when too many wait', () => {
    const { add, ended, owner } = givenWaiting(1)
    owner.worker = undefined
    for (let at = 0; at < waitingCallsMax; at++) assert.ok(add(String(at), entryOf(1)))
    assert.equal(add('late', entryOf(1)), false)
    assert.deepEqual(ended, ['late WORKER_OVERLOADED'])
  })
  it('come after those that a lost worker leaves behind', () => {
    const { add, ids, owner, served, waiting } = givenWaiting(10)
    owner.worker = undefined
    add('b', entryOf(1))
    waiting.addAgain([{ requestId: 'a', entry: entryOf(1) } as Call])
    owner.worker = served
    waiting.send()
    assert.equal(ids(), 'a b')
  })
})
