import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { createFakeDriver } from '../support/fake-driver.ts'
import { type Crossing, type FaultProxy, givenFaultProxy, isOfBackend, isOfChangeStream } from '../support/fault-proxy.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenGateway } from '../support/given-gateway.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'

/** The watcher notices silence within seconds and waits for seconds more before it tries again for the n-th time. */
const within = 60_000
const never = new Promise<never>(() => {})

describe("the backend's change stream", function () {
  this.timeout(8 * 60_000)
  let mongo: GivenMongo
  let proxy: FaultProxy
  let backend: GivenBackend
  before(async () => {
    mongo = await givenMongo()
    proxy = await givenFaultProxy(mongo.uri)
    backend = await givenBackend({ createDriver: createFakeDriver, env: { MONGODB_URI: proxy.uri } })
  })
  after(async () => {
    await backend?.[Symbol.asyncDispose]()
    await proxy?.[Symbol.asyncDispose]()
    await mongo?.[Symbol.asyncDispose]()
  })

  /** Open on the server, in use or not. */
  const openStreams = async () => {
    const found = await mongo.database.client
      .db('admin')
      .aggregate(
        [
          { $currentOp: { allUsers: true, idleCursors: true } },
          { $match: { appName: /^imprun-backend-/, 'cursor.originatingCommand.pipeline.0.$changeStream': { $exists: true } } },
        ],
        { readConcern: { level: 'local' } },
      )
      .toArray()
    return found.length
  }
  const isLive = async () => {
    const { status } = await fetch(new URL('/readyz', backend.connection.apiUrl))
    assert.equal(status, 200)
  }
  const ofStream = (crossing: Crossing) => isOfBackend(crossing) && isOfChangeStream(crossing)
  const cutStream = () => proxy.cut(ofStream)
  const isWell = () =>
    eventually(async () => {
      await isLive()
      assert.equal(await openStreams(), 1)
    }, within)
  /** Nothing that would open a stream arrives, until disposed of. */
  const keepDown = () => {
    let count = 0
    const rule = proxy.interfere((crossing) => {
      if (!ofStream(crossing) || crossing.direction === 'toClient') return undefined
      count++
      return never
    })
    cutStream()
    return {
      attempts: () => count,
      [Symbol.dispose]() {
        rule[Symbol.dispose]()
        cutStream()
      },
    }
  }

  it('is one stream again after each of twenty cuts', async () => {
    for (let cut = 0; cut < 20; cut++) {
      await eventually(() => assert.equal(cutStream(), 1), within)
      await eventually(async () => assert.equal(await openStreams(), 1), within)
    }
    await isWell()
    await givenGateway(backend, 'after-cuts')
  })

  it('is not needed for work to be done', async () => {
    {
      using down = keepDown()
      await eventually(async () => assert.equal(await openStreams(), 0), within)
      await givenGateway(backend, 'without-stream')
      assert.equal(await openStreams(), 0)
      assert.ok(down.attempts() > 0)
    }
    await isWell()
  })

  it('is replaced when it falls silent without an error', async () => {
    await isWell()
    let frozen = 0
    let opened = 0
    {
      using _ = proxy.interfere((crossing) => {
        if (!ofStream(crossing)) return undefined
        if (crossing.direction === 'toServer') {
          if (crossing.name === 'aggregate') opened++
          return undefined
        }
        if (opened > 0) return undefined
        frozen++
        return never
      })
      await eventually(() => assert.ok(opened > 0), within)
    }
    assert.ok(frozen > 0)
    await isWell()
    await givenGateway(backend, 'after-silence')
  })

  it('may be slow: work is done in the same way', async () => {
    const delayed: { until: number; goOn: () => void }[] = []
    let passed = 0
    let count = 0
    // What it hears arrives only after ten later messages of the same backend.
    using _ = proxy.interfere((crossing) => {
      if (!isOfBackend(crossing)) return undefined
      if (!isOfChangeStream(crossing) || crossing.direction === 'toServer') {
        passed++
        while (delayed[0] && delayed[0].until <= passed) delayed.shift()?.goOn()
        return undefined
      }
      count++
      return new Promise<void>((resolve) => delayed.push({ until: passed + 10, goOn: resolve }))
    })
    await givenGateway(backend, 'slowly-told')
    assert.ok(count > 0)
    for (const { goOn } of delayed) goOn()
  })
})
