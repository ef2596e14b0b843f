import { strict as assert } from 'node:assert'
import type { Document } from 'mongodb'
import { advanceTo, type Step, tryAgainAfterMs } from '../../src/phases/decisions.ts'
import { newPhaseDocument, untilNudged } from '../../src/phases/phase-document.ts'
import { newId } from '../../src/platform/ids.ts'
import { eventually } from '../support/eventually.ts'
import { givenPhases, type Thing } from '../support/given-phases.ts'

const advance: Step<Thing> = () => advanceTo('Created')

describe('what is claimed, and in which order', function () {
  this.timeout(60_000)

  it('is found among ten thousand documents at rest without looking at one of them', async () => {
    await using given = await givenPhases()
    const atRest = { ...newPhaseDocument(new Date(), untilNudged), phase: 'Created' as const }
    const things = Array.from({ length: 10_000 }, () => newId()).map((_id) => ({ _id, gatewayId: _id, ...atRest }))
    await given.things.insertMany(things, { ordered: false })
    const claims = given.claimsOf('holder')
    const { sys } = given.mongo.database
    await sys.command({ profile: 2 })
    try {
      assert.equal(await claims.claim(), undefined)
      assert.deepEqual(await claims.readDepth(), { due: 0, oldestDueMs: 0, stalled: 0 })
      assert.equal(await claims.releaseHeldBefore(), 0)
    } finally {
      await sys.command({ profile: 0 })
    }
    const looked = await sys.collection('system.profile').find({ ns: given.things.namespace }).toArray()
    await sys.collection('system.profile').drop()
    assert.ok(looked.length >= 4, 'The profiler saw nothing.')
    const perQuery = looked.map(({ op, planSummary, keysExamined, docsExamined }: Document) => ({ op, planSummary, keysExamined, docsExamined }))
    for (const query of perQuery) {
      assert.doesNotMatch(query.planSummary, /COLLSCAN/, JSON.stringify(query))
      assert.ok(query.docsExamined === 0 && query.keysExamined <= 1, JSON.stringify(query))
    }
  })

  it('is the healthy ones, while a hundred others fail all the time', async () => {
    await using given = await givenPhases()
    const bookkeeping = (index: number) => ({ gatewayId: `g-${index}`, ...newPhaseDocument(new Date(index)) })
    const poisoned = Array.from({ length: 100 }, (_, index) => ({ _id: newId(), note: 'poison', ...bookkeeping(index) }))
    const healthy = Array.from({ length: 300 }, (_, index) => ({ _id: newId(), ...bookkeeping(1_000 + index) }))
    await given.things.insertMany([...poisoned, ...healthy])
    const order: string[] = []
    await given.startEngine(
      ({ note }) => {
        order.push(note ?? 'healthy')
        if (note) throw new Error('It always fails.')
        return advanceTo('Created')
      },
      { limits: { tickMs: 20 } },
    )
    await eventually(async () => assert.equal(await given.things.countDocuments({ phase: 'Created' }), healthy.length))
    // Each poisoned one was there first, so each may come once before the last healthy one, and a second time only after its wait.
    const lastHealthy = order.lastIndexOf('healthy')
    const before = order.slice(0, lastHealthy).filter((note) => note === 'poison').length
    assert.ok(before <= poisoned.length * 3, `${before} failures came before the last healthy one`)
    assert.equal(order.filter((note) => note === 'healthy').length, healthy.length)
  })

  it('has no document change its holder because the clock of a replica is ahead', async () => {
    await using given = await givenPhases()
    const entered = Promise.withResolvers<void>()
    const opened = Promise.withResolvers<void>()
    let entries = 0
    const step: Step<Thing> = async () => {
      entries++
      entered.resolve()
      await opened.promise
      return advanceTo('Created')
    }
    await given.startEngine(step, { limits: { tickMs: 20 } })
    const id = await given.insert()
    await entered.promise
    const { fence } = await given.get(id)
    const ahead = Date.now
    Date.now = () => ahead() + 120_000
    try {
      await given.startEngine(step, { limits: { tickMs: 20 } })
      for (let ask = 0; ask < 20; ask++) assert.equal(await given.claimsOf('ahead').claim(), undefined)
    } finally {
      Date.now = ahead
    }
    assert.deepEqual([(await given.get(id)).fence, entries], [fence, 1])
    opened.resolve()
    await given.reaches(id, 'Created')
  })

  it('runs each step once with two replicas', async () => {
    await using given = await givenPhases()
    const ran = new Map<string, number>()
    const step: Step<Thing> = ({ _id }) => {
      ran.set(_id, (ran.get(_id) ?? 0) + 1)
      return advanceTo('Created')
    }
    const ids = Array.from({ length: 200 }, () => newId())
    await given.things.insertMany(ids.map((_id) => ({ _id, gatewayId: _id, ...newPhaseDocument(new Date()) })))
    await Promise.all([given.startEngine(step), given.startEngine(step)])
    await eventually(async () => assert.equal(await given.things.countDocuments({ phase: 'Created' }), ids.length))
    assert.deepEqual(
      [...ran.values()],
      ids.map(() => 1),
    )
  })

  it('is told of as due, for how long, and stalled, as a query tells', async () => {
    await using given = await givenPhases()
    await given.insert({ updatedAt: new Date(Date.now() - 60_000) })
    await given.insert({ isStalled: true, nextAttemptAt: new Date(Date.now() + 60_000) })
    const { due, oldestDueMs, stalled } = await given.claimsOf('holder').readDepth()
    assert.deepEqual({ due, stalled }, { due: 1, stalled: 1 })
    assert.ok(oldestDueMs >= 60_000 && oldestDueMs < 120_000, `${oldestDueMs} ms`)
  })
})

describe('a step that waits', function () {
  this.timeout(60_000)

  it('too long is told, with what it waits for, and that is forgotten once it gets further', async () => {
    await using given = await givenPhases()
    let isThere = false
    await given.startEngine((thing, context) => (isThere ? advance(thing, context) : tryAgainAfterMs(10, 'a port')), {
      limits: { waitDeadlineMs: 50, tickMs: 20 },
    })
    const id = await given.insert()
    await eventually(async () => assert.equal((await given.get(id)).isStalled, true))
    const { lastError, attempts } = await given.get(id)
    assert.equal(lastError?.code, 'WAITS_TOO_LONG')
    assert.match(lastError?.message ?? '', /waiting for a port/)
    assert.equal(attempts, 0)
    isThere = true
    const after = await given.reaches(id, 'Created')
    assert.deepEqual([after.isStalled, after.lastError, after.waitingSince], [false, undefined, undefined])
  })
})
