import { strict as assert } from 'node:assert'
import { gatewayCollections, isImprunError, type LiveRuntime, type RuntimeHeartbeat, runtimeHeartbeats } from '@imprun/contracts'
import { ensureGatewayIndexes } from '../../src/database/indexes.ts'
import { createWatcher } from '../../src/database/watcher.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { createAcknowledgements } from '../../src/publishing/acknowledgements.ts'
import { eventually } from '../support/eventually.ts'
import { givenFunctions, request, taxCode } from '../support/given-functions.ts'
import { givenMongo } from '../support/given-mongo.ts'
import { givenRuntime } from '../support/given-runtime.ts'

async function givenAcknowledgements() {
  const mongo = await givenMongo()
  const { database } = mongo
  await ensureGatewayIndexes(database, 'hometax')
  const watcher = createWatcher({ database, clock: systemClock, log: silentLog })
  await watcher.start()
  const acknowledgements = createAcknowledgements({ database, watcher, clock: systemClock, log: silentLog })
  acknowledgements.start()
  const runtimes = database.gateway('hometax').collection<LiveRuntime>(gatewayCollections.runtimes)
  return {
    acknowledgements,
    wait: (revision: number, more: { deadlineMs?: number; signal?: AbortSignal; whenNone?: 'wait' | 'answer' } = {}) =>
      acknowledgements.waitForRuntimes('hometax', 'dev', revision, { deadlineMs: 10_000, ...more }),
    async tell(runtimeId: string, revision: number, more: { heartbeatAt?: Date; failures?: LiveRuntime['failures'] } = {}) {
      const { heartbeatAt, failures = [] } = more
      const beat = heartbeatAt ? { $set: { heartbeatAt } } : { $currentDate: { heartbeatAt: true as const } }
      await database.sys.collection<RuntimeHeartbeat>(runtimeHeartbeats).updateOne({ _id: runtimeId }, beat, { upsert: true })
      await runtimes.updateOne(
        { _id: `${runtimeId}/dev` },
        {
          $set: { runtimeId, environment: 'dev', revision, failures },
        },
        { upsert: true },
      )
    },
    forget: (runtimeId: string) => runtimes.deleteOne({ _id: `${runtimeId}/dev` }),
    async [Symbol.asyncDispose]() {
      acknowledgements.stop()
      await watcher.stop()
      await mongo[Symbol.asyncDispose]()
    },
  }
}

describe('acknowledgements', () => {
  it('are there when every live runtime has reached the revision', async () => {
    await using given = await givenAcknowledgements()
    await given.tell('a', 4)
    await given.tell('b', 4)
    let isSettled = false
    const waiting = given.wait(5).finally(() => {
      isSettled = true
    })

    await given.tell('a', 5)
    assert.deepEqual(await given.wait(4), { outcome: 'applied' })
    assert.equal(isSettled, false)
    await given.tell('b', 6)

    assert.deepEqual(await waiting, { outcome: 'applied' })
  })

  it('settle many who wait at once, each for its own revision', async () => {
    await using given = await givenAcknowledgements()
    await given.tell('a', 0)
    const waiting = Array.from({ length: 50 }, (_, revision) => given.wait(revision))

    for (let revision = 10; revision <= 50; revision += 10) await given.tell('a', revision)

    assert.deepEqual(new Set((await Promise.all(waiting)).map(({ outcome }) => outcome)), new Set(['applied']))
  })

  it('tell a refusal of this revision at once, without waiting for the others', async () => {
    await using given = await givenAcknowledgements()
    await given.tell('a', 4)
    await given.tell('b', 4)
    const waiting = given.wait(5)
    const failure = { name: 'calculateTax', revision: 5, code: 'CODE_THROWS_AT_LOAD', message: 'boom' }

    await given.tell('a', 5, { failures: [{ ...failure, name: 'other', revision: 3 }, failure] })

    assert.deepEqual(await waiting, { outcome: 'refused', failures: [failure] })
  })

  it('name who is late at the deadline', async () => {
    await using given = await givenAcknowledgements()
    await given.tell('a', 5)
    await given.tell('b', 4)

    assert.deepEqual(await given.wait(5, { deadlineMs: 200 }), { outcome: 'late', runtimeIds: ['b'] })
  })

  it('are not asked of a runtime that has missed its heartbeats, or has gone', async () => {
    await using given = await givenAcknowledgements()
    await given.tell('a', 5)
    await given.tell('dead', 1, { heartbeatAt: new Date(0) })
    await given.tell('leaving', 1)
    const waiting = given.wait(5)

    await given.forget('leaving')

    assert.deepEqual(await waiting, { outcome: 'applied' })
  })

  it('wait for a first runtime, or say at once that there is none, as wanted', async () => {
    await using given = await givenAcknowledgements()
    const waiting = given.wait(5)

    assert.deepEqual(await given.wait(5, { whenNone: 'answer' }), { outcome: 'no-runtime' })
    assert.deepEqual(await given.wait(5, { deadlineMs: 100 }), { outcome: 'no-runtime' })
    await given.tell('a', 5)

    assert.deepEqual(await waiting, { outcome: 'applied' })
  })

  it('end with the reason when the waiting is given up, or the backend stops', async () => {
    await using given = await givenAcknowledgements()
    await given.tell('a', 1)
    const giveUp = new AbortController()
    const abandoned = given.wait(5, { signal: giveUp.signal })
    const stopped = given.wait(5)
    giveUp.abort(new Error('enough'))
    await assert.rejects(abandoned, /enough/)

    given.acknowledgements.stop()

    await assert.rejects(stopped, (error) => isImprunError(error) && error.code === 'SHUTTING_DOWN')
  })

  it('take a release back from all runtimes when one of them can not load it', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using healthy = await givenRuntime(given.database, 'hometax', 'healthy')
    await using failing = await givenRuntime(given.database, 'hometax', 'failing')
    const save = (rate: number) => given.routes.saveFunction(request<'saveFunction'>({ query: { publish: 'dev' }, body: { code: taxCode(rate) } }))
    await given.routes.createFunction(request<'createFunction'>({ body: { name: 'calculateTax', code: taxCode(1), limits: {} } }))
    await save(1)
    failing.refuse(({ version }) => (version === '1.0.1' ? { code: 'CODE_THROWS_AT_LOAD', message: 'boom' } : undefined))

    const { deployment } = await save(2)

    assert.equal(deployment?.status, 'ROLLED_BACK')
    await eventually(() => {
      for (const runtime of [healthy, failing]) assert.equal(runtime.serves('dev', 'calculateTax')?.version, '1.0.0')
    })
  })
})
