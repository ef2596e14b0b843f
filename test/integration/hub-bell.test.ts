// The hub needs both its ends, the backend that rings and the runtime that hears, so its tests belong to neither.
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sysDatabaseName } from '@imprun/contracts'
import express, { type NextFunction, type Request, type Response } from 'express'
import { createBellHub } from '../../backend/src/bell/bell-hub.ts'
import { createBellRouter } from '../../backend/src/bell/bell-router.ts'
import { createBellTokens } from '../../backend/src/bell/bell-tokens.ts'
import type { Database } from '../../backend/src/database/database.ts'
import { createWatcher } from '../../backend/src/database/watcher.ts'
import { systemClock } from '../../backend/src/platform/clock.ts'
import { silentLog as backendLog } from '../../backend/src/platform/log.ts'
import { createSecrets } from '../../backend/src/platform/secrets.ts'
import { createHubBell } from '../../runtime/src/front/functions/hub-bell.ts'
import { silentLog } from '../../runtime/src/platform/log.ts'
import { testBell } from '../../runtime/test/support/bell-contract.ts'
import { eventually } from '../../runtime/test/support/eventually.ts'
import { type GivenOwnMongo, givenOwnMongo } from '../../runtime/test/support/given-mongo.ts'

const tokens = createBellTokens(createSecrets(Buffer.alloc(32, 7)))

/** A backend replica as far as the bell goes: one change stream, one HTTP server. */
async function givenHub(mongo: GivenOwnMongo) {
  const { client } = mongo
  const database = { client, sys: client.db(sysDatabaseName) } as unknown as Database
  const watcher = createWatcher({ database, clock: systemClock, log: backendLog })
  await watcher.start()
  const hub = createBellHub({ watcher })
  hub.start()
  const router = createBellRouter({ hub, tokens })
  const app = express().use('/runtime-bell', router.handler)
  app.use((_error: unknown, _req: Request, res: Response, _next: NextFunction) => void res.status(401).end())
  let server: Server | undefined
  let port = 0
  const listen = async () => {
    server = createServer(app).listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  const close = async () => {
    const closed = server?.listening ? once(server, 'close') : undefined
    server?.close()
    router.stop()
    server?.closeAllConnections()
    await closed
  }
  await listen()
  return {
    url: () => `http://127.0.0.1:${port}`,
    listen,
    close,
    async [Symbol.asyncDispose]() {
      await close()
      hub.stop()
      await watcher.stop()
    },
  }
}

describe('the hub', () => {
  let mongo: GivenOwnMongo
  before(async () => {
    mongo = await givenOwnMongo()
  })
  after(() => mongo[Symbol.asyncDispose]())

  const change = async (gatewayId: string) => {
    await mongo.client.db(`gatewayid_${gatewayId}`).collection('__credentials').insertOne({ environment: 'dev' })
  }
  const given = async () => {
    const hub = await givenHub(mongo)
    const bell = createHubBell(silentLog)
    bell.setAddress({ url: hub.url(), token: tokens.issue('*') })
    return {
      bell,
      hub,
      change,
      async [Symbol.asyncDispose]() {
        await bell.close()
        await hub[Symbol.asyncDispose]()
      },
    }
  }

  testBell('hub, whose backend is stopped', async () => {
    const those = await given()
    return { ...those, cutOff: those.hub.close, rejoin: those.hub.listen, [Symbol.asyncDispose]: those[Symbol.asyncDispose] }
  })
  testBell('hub, whose MongoDB is killed', async () => {
    const those = await given()
    return { ...those, cutOff: mongo.kill, rejoin: mongo.restart, [Symbol.asyncDispose]: those[Symbol.asyncDispose] }
  })

  it('says where the change was, and nothing of collections that are not belled', async () => {
    await using those = await given()
    const hints: unknown[] = []
    const listening = those.bell.listen({ gatewayId: 'c', gatewayDatabase: 'gatewayid_c' }, (hint) => hints.push(hint))
    await eventually(() => assert.equal(listening.state(), 'live'))
    await mongo.client.db('gatewayid_c').collection('__logs').insertOne({})
    await mongo.client.db('gatewayid_c').collection('__environments').insertOne({ environment: 'dev' })
    await eventually(() => assert.deepEqual(hints, [{ collection: '__environments' }]))
    await listening.close()
  })

  it('lets a runtime with the token of one gateway hear of that one alone', async () => {
    await using those = await given()
    const bell = createHubBell(silentLog)
    bell.setAddress({ url: those.hub.url(), token: tokens.issue('own') })
    const heard: string[] = []
    const listenings = ['own', 'other'].map((gatewayId) => bell.listen({ gatewayId, gatewayDatabase: `gatewayid_${gatewayId}` }, () => heard.push(gatewayId)))
    await eventually(() => assert.ok(listenings.every((listening) => listening.state() === 'live')))
    await change('other')
    await change('own')
    await eventually(() => assert.ok(heard.includes('own')))
    assert.deepEqual([...new Set(heard)], ['own'])
    await bell.close()
  })

  it('turns away whoever has no token, or that of another gateway with its name changed', async () => {
    await using those = await given()
    const forged = `other.${tokens.issue('own').split('.')[1]}`
    for (const authorization of ['', 'Bearer ', `Bearer ${forged}`, 'Bearer *.']) {
      const response = await fetch(`${those.hub.url()}/runtime-bell`, { headers: { authorization } })
      assert.equal(response.status, 401)
      await response.body?.cancel()
    }
  })
})
