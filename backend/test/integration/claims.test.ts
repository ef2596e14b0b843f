import { strict as assert } from 'node:assert'
import type { Document, FindOneAndUpdateOptions } from 'mongodb'
import { advanceTo, tryAgainAfterMs } from '../../src/phases/decisions.ts'
import { nudge, type PhaseDocument, retry } from '../../src/phases/phase-document.ts'
import { givenPhases, type Thing } from '../support/given-phases.ts'

const minuteMs = 60_000

/** A claim that the test needs. */
function present(held: Thing | undefined): Thing {
  assert.ok(held, 'Nothing was claimed.')
  return held
}

describe('the store of claims', () => {
  it('gives a document to one holder only, however many ask', async () => {
    await using given = await givenPhases()
    await given.insert()
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => given.claimsOf(`holder-${index}`).claim()))
    assert.equal(answers.filter(Boolean).length, 1)
  })

  it('gives each of several documents to one holder only, however many ask for several', async () => {
    await using given = await givenPhases()
    const ids = await Promise.all(Array.from({ length: 40 }, () => given.insert()))
    const stores = Array.from({ length: 6 }, (_, index) => given.claimsOf(`holder-${index}`))
    const rounds = await Promise.all(stores.map(async (claims) => [...(await claims.claimSeveral(5)), ...(await claims.claimSeveral(5))]))
    const taken = rounds.flat()
    assert.deepEqual(
      taken.map(({ _id }) => _id),
      [...new Set(taken.map(({ _id }) => _id))],
    )
    for (const [index, its] of rounds.entries()) for (const { lockedBy } of its) assert.equal(lockedBy, `holder-${index}`)
    const left = await given.claimsOf('last').claimSeveral(ids.length)
    assert.deepEqual([...taken, ...left].map(({ _id }) => _id).sort(), ids.sort())
    assert.deepEqual(await given.claimsOf('nobody').claimSeveral(ids.length), [])
  })

  it('gives several with their new fences, the longest due first, and no more than were asked for', async () => {
    await using given = await givenPhases()
    const ids = await Promise.all([3, 1, 2].map((second) => given.insert({ updatedAt: new Date(second * 1_000) })))
    const before = new Map(await Promise.all(ids.map(async (id) => [id, (await given.get(id)).fence] as const)))
    const claims = given.claimsOf('holder')
    const held = await claims.claimSeveral(2)
    assert.deepEqual(held.map(({ _id }) => _id).sort(), ids.slice(1).sort())
    for (const { _id, fence } of held) assert.equal(fence, (before.get(_id) ?? 0) + 1)
    for (const document of held) assert.equal((await claims.decide(document, advanceTo<Thing>('Created'), { keep: false })).outcome, 'written')
    assert.deepEqual((await claims.claimSeveral(2, ids)).length, 0)
    assert.deepEqual(
      (await claims.claimSeveral(2)).map(({ _id }) => _id),
      ids.slice(0, 1),
    )
  })

  it('gives a document to another holder once its lock is a minute old, and not before', async () => {
    await using given = await givenPhases()
    const id = await given.insert()
    const first = present(await given.claimsOf('first').claim())
    await given.ageLock(id, minuteMs - 5_000)
    assert.equal(await given.claimsOf('second').claim(), undefined)
    await given.ageLock(id, 6_000)
    const second = present(await given.claimsOf('second').claim())
    assert.equal(second.fence, first.fence + 1)
  })

  it('lets no holder that lost its lock change anything', async () => {
    await using given = await givenPhases()
    const id = await given.insert()
    const claims = given.claimsOf('stale')
    const stale = present(await claims.claim())
    await given.ageLock(id, minuteMs + 1)
    const holder = present(await given.claimsOf('holder').claim())
    const before = await given.get(id)
    assert.equal(await claims.renew(stale), false)
    assert.equal((await claims.decide(stale, advanceTo<Thing>('Created'), { keep: false })).outcome, 'lost')
    assert.equal((await claims.decide(stale, tryAgainAfterMs(1), { keep: false })).outcome, 'lost')
    assert.equal((await claims.decide(stale, { kind: 'remove' }, { keep: false })).outcome, 'lost')
    assert.equal((await claims.fail(stale, { code: 'INTERNAL', message: '', nextAttemptAfterMs: 1, isStalled: false })).outcome, 'lost')
    assert.equal((await claims.release(stale, { isAtRest: false })).outcome, 'lost')
    assert.deepEqual(await given.get(id), before)
    assert.equal((await claims.decide(holder, advanceTo<Thing>('Created'), { keep: false })).outcome, 'written')
  })

  it('keeps a lock young that is renewed', async () => {
    await using given = await givenPhases()
    const id = await given.insert()
    const claims = given.claimsOf('holder')
    const held = present(await claims.claim())
    await given.ageLock(id, minuteMs + 1)
    assert.equal(await claims.renew(held), true)
    assert.equal(await given.claimsOf('other').claim(), undefined)
  })

  it('writes a failure, the wait and the freedom of the document at once', async () => {
    await using given = await givenPhases()
    const id = await given.insert()
    const claims = given.claimsOf('holder')
    const held = present(await claims.claim())
    const changes = given.things.watch([{ $match: { 'documentKey._id': id, 'updateDescription.updatedFields.attempts': { $exists: true } } }], {
      startAtOperationTime: await operationTime(given),
    })
    await claims.fail(held, { code: 'PORTS_EXHAUSTED', message: 'No port is free.', nextAttemptAfterMs: 8_000, isStalled: true })
    const change = await changes.next()
    await changes.close()
    assert.equal(change.operationType, 'update')
    const thing = await given.get(id)
    assert.equal(thing.attempts, 1)
    assert.equal(thing.isStalled, true)
    assert.equal(thing.lockedAt.getTime(), 0)
    assert.deepEqual({ ...thing.lastError, at: undefined }, { code: 'PORTS_EXHAUSTED', message: 'No port is free.', at: undefined })
    const at = thing.lastError?.at.getTime() as number
    assert.equal(thing.nextAttemptAt.getTime() - at, 8_000)
    const fields = Object.keys(('updateDescription' in change && change.updateDescription.updatedFields) || {})
    for (const field of ['attempts', 'lastError', 'nextAttemptAt', 'lockedAt', 'isStalled']) assert.ok(fields.includes(field), field)
    assert.equal(await claims.claim(), undefined)
  })

  it('forgets failures with a step that gets further', async () => {
    await using given = await givenPhases()
    const id = await given.insert({ attempts: 4, isStalled: true, lastError: { code: 'INTERNAL', message: 'x', at: new Date() } })
    const claims = given.claimsOf('holder')
    await claims.decide(present(await claims.claim()), advanceTo<Thing>('Created', { note: '$literal text' }), { keep: false })
    const { attempts, isStalled, lastError, note } = await given.get(id)
    assert.deepEqual({ attempts, isStalled, lastError, note }, { attempts: 0, isStalled: false, lastError: undefined, note: '$literal text' })
  })

  it('does not lose a nudge that comes while a step decides to wait', async () => {
    await using given = await givenPhases()
    const id = await given.insert()
    const claims = given.claimsOf('holder')
    const held = present(await claims.claim())
    await given.things.updateOne({ _id: id }, nudge)
    await claims.decide(held, tryAgainAfterMs(minuteMs), { keep: false })
    const again = present(await claims.claim())
    await claims.decide(again, tryAgainAfterMs(minuteMs), { keep: false })
    assert.equal(await claims.claim(), undefined)
  })

  it('lets a person have a failed document tried at once', async () => {
    await using given = await givenPhases()
    const id = await given.insert()
    const claims = given.claimsOf('holder')
    await claims.fail(present(await claims.claim()), { code: 'INTERNAL', message: '', nextAttemptAfterMs: minuteMs, isStalled: true })
    assert.equal(await claims.claim(), undefined)
    await given.things.updateOne({ _id: id }, retry)
    const again = present(await claims.claim())
    assert.deepEqual([again.attempts, again.isStalled, again.lastError], [0, false, undefined])
  })

  it('takes the one that has waited longest first', async () => {
    await using given = await givenPhases()
    const younger = await given.insert({ updatedAt: new Date(2_000) })
    const older = await given.insert({ updatedAt: new Date(1_000) })
    const claims = given.claimsOf('holder')
    assert.deepEqual([(await claims.claim())?._id, (await claims.claim())?._id], [older, younger])
  })

  it('leaves alone what it does not know', async () => {
    await using given = await givenPhases()
    await given.insert({ phase: 'Exploding' as PhaseDocument['phase'] })
    await given.insert({ state: 'confused' as PhaseDocument['state'] })
    assert.equal(await given.claimsOf('holder').claim(), undefined)
  })

  it('leaves alone what came to rest, until it is nudged', async () => {
    await using given = await givenPhases()
    const id = await given.insert()
    const claims = given.claimsOf('holder')
    await claims.decide(present(await claims.claim()), advanceTo<Thing>('Created'), { keep: false })
    assert.equal(await claims.claim(), undefined)
    await given.things.updateOne({ _id: id }, nudge)
    await claims.release(present(await claims.claim()), { isAtRest: true })
    assert.equal(await claims.claim(), undefined)
  })

  it('does not lose a nudge that comes while a document goes to rest', async () => {
    await using given = await givenPhases()
    const id = await given.insert()
    const claims = given.claimsOf('holder')
    const held = present(await claims.claim())
    await given.things.updateOne({ _id: id }, nudge)
    await claims.decide(held, advanceTo<Thing>('Created'), { keep: false })
    assert.equal((await claims.claim())?._id, id)
  })

  it('passes by what an earlier version of imprun left due at rest', async () => {
    await using given = await givenPhases()
    await given.insert({ phase: 'Created' })
    const due = await given.insert()
    const claims = given.claimsOf('holder')
    assert.equal(await claims.settle([{ phase: 'Created', state: 'active' }]), 1)
    assert.equal((await claims.claim())?._id, due)
    assert.equal(await claims.claim(), undefined)
  })

  it('frees what an earlier life of the same holder held, with a new fence', async () => {
    await using given = await givenPhases()
    await given.insert()
    const earlier = given.claimsOf('backend')
    const held = present(await earlier.claim())
    const next = given.claimsOf('backend')
    assert.equal(await next.releaseHeldBefore(), 1)
    assert.equal(await earlier.renew(held), false)
    assert.ok(await next.claim())
    assert.equal(await given.claimsOf('another').releaseHeldBefore(), 0)
  })

  it('finds what is due by index, without looking at what is at rest', async () => {
    await using given = await givenPhases()
    for (let index = 0; index < 40; index++) await given.insert({ phase: 'Created' })
    await given.insert()
    const original = given.things.findOneAndUpdate
    let plan: Document = {}
    Object.defineProperty(given.things, 'findOneAndUpdate', {
      value: async (filter: Document, update: Document[], options: FindOneAndUpdateOptions) => {
        plan = await given.mongo.database.sys.command({
          explain: { findAndModify: given.things.collectionName, query: filter, update, sort: options.sort, new: true },
          verbosity: 'executionStats',
        })
        return Reflect.apply(original, given.things, [filter, update, options])
      },
    })
    assert.ok(await given.claimsOf('holder').claim())
    assert.doesNotMatch(JSON.stringify(plan), /COLLSCAN/)
    assert.ok(plan.executionStats.totalDocsExamined <= 2, `${plan.executionStats.totalDocsExamined} documents were looked at`)
  })
})

async function operationTime({ mongo }: Awaited<ReturnType<typeof givenPhases>>) {
  return (await mongo.database.client.db('admin').command({ ping: 1 })).operationTime
}
