import { strict as assert } from 'node:assert'
import { environmentNames, ImprunError } from '@imprun/contracts'
import type { EngineEvent } from '../../src/phases/engine.ts'
import { newPhaseDocument } from '../../src/phases/phase-document.ts'
import { eventually } from '../support/eventually.ts'
import { deletionOrder, givenLifecycle } from '../support/given-lifecycle.ts'

type Given = Awaited<ReturnType<typeof givenLifecycle>>

/** Everything of a gateway that is outside the process. */
async function leftOf(given: Given, gatewayId: string) {
  const admin = given.database.named('admin')
  const { databases } = await admin.admin().listDatabases({ nameOnly: true })
  const { users } = await admin.command({ usersInfo: 1 })
  const { roles } = await admin.command({ rolesInfo: 'imprun_front', showPrivileges: true })
  return {
    databases: databases.map(({ name }) => name).filter((name) => name.startsWith(`gatewayid_${gatewayId}`)),
    users: (users as { user: string }[]).map(({ user }) => user).filter((user) => user.includes(`_${gatewayId}_`)),
    isWatched: JSON.stringify(roles).includes(`"gatewayid_${gatewayId}"`),
    assigned: [...given.driver.assigned.keys()].filter((key) => key.startsWith(`${gatewayId}/`)).sort(),
    documents: (await given.environments.listOf(gatewayId)).length,
  }
}
const nothingLeft = { databases: [], users: [], isWatched: false, assigned: [], documents: 0 }
const wholeHometax = {
  databases: ['gatewayid_hometax'],
  users: ['imprun_env_hometax_dev', 'imprun_env_hometax_prod', 'imprun_env_hometax_staging'],
  isWatched: true,
  assigned: ['hometax/dev', 'hometax/prod', 'hometax/staging'],
  documents: 3,
}

describe('gateways', function () {
  this.timeout(120_000)

  it('go through Creating, Created and Starting to Started, with three environments', async () => {
    const seen: string[] = []
    await using given = await givenLifecycle({ isStopped: true })
    const gateway = await given.createGateway({ name: 'Hometax' })
    const observe = (event: EngineEvent) => {
      if (event.type === 'written' && event.id === gateway._id && event.decision.kind === 'advance') seen.push(event.decision.phase)
    }
    const life = given.newLife(observe)
    await life.start()
    await given.reaches('hometax', 'Started')
    await eventually(() => assert.deepEqual(seen, ['Created', 'Starting', 'Started']))
    await life.stop()
    const view = await given.getView('hometax')
    assert.deepEqual(
      view.environments.map(({ name, phase, url, pathUrl }) => ({ name, phase, url, pathUrl })),
      environmentNames.map((name) => ({
        name,
        phase: 'Started',
        url: `http://hometax.${name}.localhost:7421`,
        pathUrl: `http://localhost:7421/hometax/${name}`,
      })),
    )
    assert.deepEqual(await leftOf(given, 'hometax'), wholeHometax)
    assert.equal(await given.database.gateway('hometax').collection('__environments').countDocuments(), 3)
  })

  it('leave nothing behind when they are deleted, and their id is free again', async () => {
    const removed: string[] = []
    await using given = await givenLifecycle({ contents: [{ removeAll: async (gatewayId) => void removed.push(gatewayId) }] })
    await given.createGateway({ name: 'hometax' })
    await given.reaches('hometax', 'Started')
    await given.database.named('gatewayid_hometax_dev').collection('taxes').insertOne({ tax: 1 })
    await given.gateways.wantDeleted('hometax', deletionOrder)
    await given.isGone('hometax')
    assert.deepEqual(await leftOf(given, 'hometax'), nothingLeft)
    assert.deepEqual(removed, ['hometax'])
    await given.createGateway({ name: 'hometax' })
    await given.reaches('hometax', 'Started')
  })

  it('stop and start again as their owner wishes', async () => {
    await using given = await givenLifecycle()
    await given.createGateway({ name: 'hometax' })
    await given.reaches('hometax', 'Started')
    await given.gateways.change('hometax', { state: 'inactive' })
    await given.reaches('hometax', 'Stopped')
    assert.deepEqual((await leftOf(given, 'hometax')).assigned, [])
    await given.gateways.change('hometax', { state: 'active' })
    await given.reaches('hometax', 'Started')
    assert.deepEqual((await leftOf(given, 'hometax')).assigned, wholeHometax.assigned)
  })

  it('with one database for all keep the data of their functions in it', async () => {
    await using given = await givenLifecycle()
    await given.createGateway({ name: 'hometax', database: 'shared' })
    await given.reaches('hometax', 'Started')
    const { users } = await given.database.named('admin').command({ usersInfo: 'imprun_env_hometax_dev' })
    assert.deepEqual(users[0].roles, [{ role: 'readWrite', db: 'gatewayid_hometax' }])
    await given.gateways.wantDeleted('hometax', deletionOrder)
    await given.isGone('hometax')
    assert.deepEqual(await leftOf(given, 'hometax'), nothingLeft)
  })

  it('wait for a runtime, say why there is none, and go on by themselves', async () => {
    await using given = await givenLifecycle()
    given.driver.failWith(new ImprunError('PORTS_EXHAUSTED', 'All ports are in use.'))
    await given.createGateway({ name: 'hometax' })
    await eventually(async () => {
      const { environments } = await given.getView('hometax')
      assert.deepEqual(
        environments.map(({ lastError }) => lastError?.code),
        ['PORTS_EXHAUSTED', 'PORTS_EXHAUSTED', 'PORTS_EXHAUSTED'],
      )
    })
    given.driver.failWith(undefined)
    await given.reaches('hometax', 'Started')
    assert.deepEqual(
      (await given.getView('hometax')).environments.map(({ attempts, lastError }) => ({ attempts, lastError })),
      environmentNames.map(() => ({ attempts: 0, lastError: undefined })),
    )
  })

  it('are finished by the next life of a backend that dies at any point of creating and deleting them', async () => {
    await using given = await givenLifecycle({ isStopped: true })
    const dieAt = (point: number, wish: 'create' | 'delete') => async () => {
      let events = 0
      const died = Promise.withResolvers<void>()
      const life = given.newLife(() => {
        // What is thrown here leaves the claim as a killed process does: held, and nothing written after it.
        if (++events < point) return
        died.resolve()
        throw new Error('killed')
      })
      await life.start()
      const isDone = wish === 'create' ? given.reaches('hometax', 'Started').then(() => 'done') : given.isGone('hometax').then(() => 'done')
      const how = await Promise.race([died.promise.then(() => 'died'), isDone.catch(() => 'died')])
      await life.stop()
      return how
    }
    for (let point = 1; ; point += 3) {
      await given.createGateway({ name: 'hometax' })
      const created = await dieAt(point, 'create')()
      const next = given.newLife()
      await next.start()
      await given.reaches('hometax', 'Started')
      await next.stop()
      assert.deepEqual(await leftOf(given, 'hometax'), wholeHometax, `created after a death at point ${point}`)
      await given.gateways.wantDeleted('hometax', deletionOrder)
      const deleted = await dieAt(point, 'delete')()
      const last = given.newLife()
      await last.start()
      await given.isGone('hometax')
      await last.stop()
      assert.deepEqual(await leftOf(given, 'hometax'), nothingLeft, `deleted after a death at point ${point}`)
      if (created === 'done' && deleted === 'done') break
    }
  })
})

describe('steps of environments and gateways', function () {
  this.timeout(60_000)

  it('of a holder that lost its gateway set no wish', async () => {
    await using given = await givenLifecycle({ isStopped: true })
    await given.createGateway({ name: 'hometax' })
    const { fence } = newPhaseDocument(new Date(Date.now() + 60_000))
    await given.environments.want('hometax', 'deleted', fence)
    await given.environments.want('hometax', 'active', fence - 1)
    assert.deepEqual(
      (await given.environments.listOf('hometax')).map(({ state }) => state),
      ['deleted', 'deleted', 'deleted'],
    )
  })

  it('give each environment a MongoDB user that reaches its own data and nothing else', async () => {
    await using given = await givenLifecycle()
    await given.createGateway({ name: 'hometax' })
    await given.reaches('hometax', 'Started')
    const { MongoClient } = await import('mongodb')
    await given.users.ensureEnvironmentUser('hometax', 'dev', 'separate')
    const client = new MongoClient(given.users.environmentUri('hometax', 'dev'))
    try {
      await client.db('gatewayid_hometax_dev').collection('taxes').insertOne({ tax: 1 })
      for (const [name, collection] of [
        ['gatewayid_hometax_prod', 'taxes'],
        ['gatewayid_hometax', '__credentials'],
        ['sys_db', 'accessTokens'],
      ] as const) {
        await assert.rejects(client.db(name).collection(collection).findOne({}), { code: 13 }, name)
        await assert.rejects(client.db(name).collection(collection).insertOne({}), { code: 13 }, name)
      }
    } finally {
      await client.close()
    }
  })

  it('let a front watch the database of a gateway and write only what it reports', async () => {
    await using given = await givenLifecycle()
    await given.createGateway({ name: 'hometax' })
    await given.reaches('hometax', 'Started')
    const { MongoClient } = await import('mongodb')
    const client = new MongoClient((await given.users.ensureFrontUser('runtime-1')).uri)
    try {
      const own = client.db('gatewayid_hometax')
      assert.equal((await own.collection('__environments').find().toArray()).length, 3)
      const stream = own.watch()
      await stream.tryNext()
      await stream.close()
      await own.collection('__runtimes').insertOne({ revision: 1 })
      await own.collection('__logs').insertOne({ message: 'x' })
      await assert.rejects(own.collection('__environments').deleteMany({}), { code: 13 })
      await assert.rejects(own.collection('__published_functions').insertOne({}), { code: 13 })
      await assert.rejects(client.db('gatewayid_hometax_dev').collection('taxes').findOne({}), { code: 13 })
      await assert.rejects(client.db('sys_db').collection('users').findOne({}), { code: 13 })
    } finally {
      await client.close()
    }
  })
})
