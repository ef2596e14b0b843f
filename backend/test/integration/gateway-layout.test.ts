import { strict as assert } from 'node:assert'
import { bundleSchema, gatewayCollections } from '@imprun/contracts'
import { createGatewayDatabases } from '../../src/database/gateway-databases.ts'
import { withNextRevision } from '../../src/database/gateway-revision.ts'
import { createEnvironmentSettingsStore } from '../../src/environments/environment-settings.ts'
import { createEnvironmentStore, newEnvironments } from '../../src/environments/environment-store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { createSecrets } from '../../src/platform/secrets.ts'
import { createSecretSealer } from '../../src/variables/secret-sealer.ts'
import { createVariableHistory } from '../../src/variables/variable-history.ts'
import { createVariableStore } from '../../src/variables/variable-store.ts'
import { givenMongo } from '../support/given-mongo.ts'

const shop = { gatewayId: 'shop', ownerId: 'ada', database: 'separate', regionId: 'local', bundle: bundleSchema.parse({}), fence: 0 } as const

async function givenDatabases() {
  const mongo = await givenMongo()
  const { database } = mongo
  const collections = async () => (await database.gateway('shop').listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort()
  const environments = createEnvironmentStore(database)
  const sealer = createSecretSealer(createSecrets(Buffer.alloc(32, 7)))
  const variableHistory = createVariableHistory({ database, sealer, clock: systemClock })
  const settings = createEnvironmentSettingsStore({ database, environments, variables: createVariableStore(database), variableHistory, sealer })
  const indexCommands = async (): Promise<number> => Number((await database.named('admin').command({ serverStatus: 1 })).metrics.commands.createIndexes.total)
  return {
    ...mongo,
    indexCommands,
    settings,
    databases: createGatewayDatabases(database),
    collections,
    [Symbol.asyncDispose]: () => mongo[Symbol.asyncDispose](),
  }
}

describe("a gateway's database", function () {
  this.timeout(60_000)

  it('has next to nothing in it until something is published, and everything then', async () => {
    await using given = await givenDatabases()
    await given.settings.ensure('shop', newEnvironments(shop, new Date()))
    await given.databases.keepUp('shop')
    assert.deepEqual(await given.collections(), [gatewayCollections.environments])
    const write = () => Promise.resolve('written')
    assert.deepEqual(await withNextRevision(given.database, 'shop', write), { revision: 2, result: 'written' })
    assert.ok((await given.collections()).includes(gatewayCollections.logs))
    assert.equal((await withNextRevision(given.database, 'shop', write)).revision, 3)
  })

  it('of an earlier version gets what it lacks, and goes on counting', async () => {
    await using given = await givenDatabases()
    const shop = given.database.gateway('shop')
    await shop.collection<{ _id: string; value: number }>(gatewayCollections.counters).insertOne({ _id: 'revision', value: 7 })
    await shop.collection(gatewayCollections.environments).createIndex({ environment: 1 }, { unique: true })
    await given.databases.keepUp('shop')
    assert.ok((await shop.collection(gatewayCollections.logs).indexes()).some(({ expireAfterSeconds }) => expireAfterSeconds !== undefined))
    assert.equal((await withNextRevision(given.database, 'shop', async () => {})).revision, 8)
    const made = await given.indexCommands()
    await given.databases.keepUp('shop')
    assert.equal(await given.indexCommands(), made, 'what is there is not made again')
  })
})
