import { strict as assert } from 'node:assert'
import { ImprunError } from '@imprun/contracts'
import { advanceTo, type Step, tryAgainAfterMs } from '../../src/phases/decisions.ts'
import type { EngineEvent } from '../../src/phases/engine.ts'
import { eventually } from '../support/eventually.ts'
import { givenPhases, type Thing } from '../support/given-phases.ts'

const advance: Step<Thing> = () => advanceTo('Created')
const fail: Step<Thing> = () => {
  throw new ImprunError('PORTS_EXHAUSTED', 'No port is free.')
}
/** A step that the test holds open. */
function gate() {
  const entered = Promise.withResolvers<AbortSignal>()
  const opened = Promise.withResolvers<void>()
  let entries = 0
  const step: Step<Thing> = async (_, { signal }) => {
    entries++
    entered.resolve(signal)
    await opened.promise
    return advanceTo('Created')
  }
  return { step, entered: entered.promise, open: opened.resolve, entries: () => entries }
}
/** A tick that never comes by itself within a test. */
const noTick = { tickMs: 3_600_000 }

describe('the phase engine', function () {
  this.timeout(60_000)

  it('takes up at its start what is due', async () => {
    await using given = await givenPhases()
    const id = await given.insert()
    await given.startEngine(advance, { limits: noTick })
    await given.reaches(id, 'Created')
  })

  it('is woken by the change stream, without its tick', async () => {
    await using given = await givenPhases()
    await given.startEngine(advance, { limits: noTick })
    await given.reaches(await given.insert(), 'Created')
  })

  it('is late by one tick when the change stream is deaf', async () => {
    await using given = await givenPhases()
    await given.startEngine(advance, { isDeaf: true, limits: { tickMs: 50 } })
    await given.reaches(await given.insert(), 'Created')
  })

  it('records a failure, goes on trying and clears it with success', async () => {
    await using given = await givenPhases()
    let isBroken = true
    await given.startEngine((thing, context) => (isBroken ? fail(thing, context) : advanceTo('Created')))
    const id = await given.insert()
    await eventually(async () => assert.equal((await given.get(id)).attempts, 1))
    const failed = await given.get(id)
    assert.equal(failed.lastError?.code, 'PORTS_EXHAUSTED')
    assert.equal(failed.lockedAt.getTime(), 0)
    isBroken = false
    await given.makeDue(id)
    const { attempts, lastError } = await given.reaches(id, 'Created')
    assert.deepEqual({ attempts, lastError }, { attempts: 0, lastError: undefined })
  })

  it('calls a document stalled after ten failures, and goes on trying', async () => {
    await using given = await givenPhases()
    await given.startEngine(fail, { limits: { tickMs: 20 } })
    const id = await given.insert()
    for (let attempts = 1; attempts <= 11; attempts++) {
      await eventually(async () => assert.equal((await given.get(id)).attempts, attempts))
      assert.equal((await given.get(id)).isStalled, attempts >= 10)
      await given.makeDue(id)
    }
  })

  it("keeps a stranger's error out of what the owner reads", async () => {
    await using given = await givenPhases()
    await given.startEngine(() => {
      throw new Error('mongodb://imprun:secret@127.0.0.1 refused')
    })
    const id = await given.insert()
    await eventually(async () => assert.equal((await given.get(id)).lastError?.code, 'INTERNAL'))
    assert.doesNotMatch(JSON.stringify(await given.get(id)), /secret/)
  })

  it('lets one poisoned document hold up no other', async () => {
    await using given = await givenPhases()
    const poisoned = await Promise.all(Array.from({ length: 5 }, () => given.insert({ note: 'poison', updatedAt: new Date(0) })))
    const healthy = await Promise.all(Array.from({ length: 5 }, () => given.insert()))
    await given.startEngine((thing, context) => (thing.note ? fail(thing, context) : advanceTo('Created')), { limits: { concurrencyMax: 1 } })
    await Promise.all(healthy.map((id) => given.reaches(id, 'Created')))
    for (const id of poisoned) assert.ok((await given.get(id)).attempts >= 1)
  })

  it('never runs two steps of one document at a time', async () => {
    await using given = await givenPhases()
    const { step, entered, open, entries } = gate()
    const engine = await given.startEngine(step, { limits: { tickMs: 10 } })
    const id = await given.insert()
    await entered
    await given.ageLock(id, 120_000)
    engine.wake()
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(entries(), 1)
    open()
    await given.reaches(id, 'Created')
  })

  it('runs many documents, but no more than allowed at a time', async () => {
    await using given = await givenPhases()
    let running = 0
    let most = 0
    const opened = Promise.withResolvers<void>()
    const ids = await Promise.all(Array.from({ length: 12 }, () => given.insert()))
    await given.startEngine(
      async () => {
        most = Math.max(most, ++running)
        await opened.promise
        running--
        return advanceTo('Created')
      },
      { limits: { concurrencyMax: 4, ...noTick } },
    )
    await eventually(() => assert.equal(running, 4))
    opened.resolve()
    await Promise.all(ids.map((id) => given.reaches(id, 'Created')))
    assert.equal(most, 4)
  })

  it('renews the lock of a step that takes five times as long as the lock lasts', async () => {
    await using given = await givenPhases()
    const { step, entered, open, entries } = gate()
    const limits = { lockTtlMs: 1_000, renewEveryMs: 100, tickMs: 20 }
    await given.startEngine(step, { limits })
    await given.startEngine(step, { limits })
    const id = await given.insert()
    await entered
    const { lockedAt } = await given.get(id)
    await eventually(async () => assert.ok((await given.get(id)).lockedAt.getTime() - lockedAt.getTime() > 5 * limits.lockTtlMs))
    assert.equal(entries(), 1)
    open()
    await given.reaches(id, 'Created')
  })

  it('tells a step that its claim is lost, and writes nothing of it', async () => {
    await using given = await givenPhases()
    const { step, entered, open } = gate()
    const events: EngineEvent['type'][] = []
    await given.startEngine(step, { holder: 'slow', observe: ({ type }) => void events.push(type), limits: { renewEveryMs: 30, ...noTick } })
    const id = await given.insert()
    const signal = await entered
    // The slow one may renew in between.
    const holder = await eventually(async () => {
      await given.ageLock(id, 120_000)
      const claimed = await given.claimsOf('fast').claim()
      assert.ok(claimed)
      return claimed
    })
    await eventually(() => assert.equal(signal.aborted, true))
    open()
    await eventually(() => assert.ok(events.includes('lost')))
    assert.equal((await given.get(id)).fence, holder.fence)
    assert.equal((await given.get(id)).phase, 'Creating')
  })

  it('gives up a step at its deadline and says so', async () => {
    await using given = await givenPhases()
    await given.startEngine(() => new Promise(() => {}), { limits: { stepDeadlineMs: 50, abortGraceMs: 20, ...noTick } })
    const id = await given.insert()
    await eventually(async () => assert.equal((await given.get(id)).lastError?.code, 'STEP_TIMED_OUT'))
  })

  it('waits for steps in flight when it stops, and frees their documents without counting a failure', async () => {
    await using given = await givenPhases()
    const entered = Promise.withResolvers<void>()
    let isOver = false
    const engine = await given.startEngine(async (_, { signal }) => {
      entered.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await new Promise((resolve) => setTimeout(resolve, 50))
      isOver = true
      throw signal.reason
    })
    const id = await given.insert()
    await entered.promise
    await engine.stop()
    assert.equal(isOver, true)
    const { attempts, lockedAt } = await given.get(id)
    assert.deepEqual({ attempts, lockedAt: lockedAt.getTime() }, { attempts: 0, lockedAt: 0 })
    await given.startEngine(advance, { limits: noTick })
    await given.reaches(id, 'Created')
  })

  it('takes up at once what it held when it was killed', async () => {
    await using given = await givenPhases()
    const id = await given.insert()
    await given.claimsOf('backend').claim()
    await given.startEngine(advance, { holder: 'backend', limits: noTick })
    await given.reaches(id, 'Created')
  })

  it('looks again after the wait that a step asks for, however short', async () => {
    await using given = await givenPhases()
    let looks = 0
    const id = await given.insert()
    await given.startEngine(() => (++looks < 5 ? tryAgainAfterMs(20) : advanceTo('Created')), { isDeaf: true, limits: noTick })
    await given.reaches(id, 'Created')
    assert.equal(looks, 5)
  })

  it('removes a document whose step says that nothing is left', async () => {
    await using given = await givenPhases()
    const id = await given.insert({ state: 'deleted', phase: 'Deleting' })
    await given.startEngine(advance, { limits: noTick })
    await eventually(async () => assert.equal(await given.things.countDocuments({ _id: id }), 0))
  })

  it('does not give up while MongoDB refuses its writes for a moment', async () => {
    await using given = await givenPhases()
    const admin = given.mongo.database.client.db('admin')
    const id = await given.insert()
    // A refusal that the driver does not repeat by itself: MaxTimeMSExpired.
    await admin.command({ configureFailPoint: 'failCommand', mode: { times: 3 }, data: { failCommands: ['findAndModify'], errorCode: 50 } })
    try {
      await given.startEngine(advance, { limits: { tickMs: 20 } })
      await given.reaches(id, 'Created')
    } finally {
      await admin.command({ configureFailPoint: 'failCommand', mode: 'off' })
    }
  })
})
