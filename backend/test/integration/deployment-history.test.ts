import { strict as assert } from 'node:assert'
import type { DeploymentStatus, EnvironmentName } from '@imprun/contracts'
import { ensureSysIndexes } from '../../src/database/indexes.ts'
import { createDeploymentHistory, type DeploymentHistory } from '../../src/deployments/deployment-history.ts'
import type { StoredDeployment } from '../../src/deployments/stored-deployment.ts'
import { newId } from '../../src/platform/ids.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'

const environments: EnvironmentName[] = ['dev', 'dev', 'dev', 'dev', 'dev', 'dev', 'dev', 'staging', 'staging', 'prod']

describe('the history of many deployments', function () {
  this.timeout(60_000)
  const count = 20_000
  let mongo: GivenMongo
  let history: DeploymentHistory
  before(async () => {
    mongo = await givenMongo()
    await ensureSysIndexes(mongo.database)
    const collection = mongo.database.sys.collection<StoredDeployment>('deployments')
    const made = (i: number) => {
      const status: DeploymentStatus = i % 1_000 === 0 ? 'FAILED' : 'SUCCESS'
      const where = { gatewayId: `gateway-${i % 2}`, functionId: `function-${i % 20}`, functionName: `f${i % 20}`, environment: environments[i % 10] }
      return { _id: newId(), ...where, status, kind: 'publish', releaseId: `release-${i}` } as StoredDeployment
    }
    for (let i = 0; i < count; i += 5_000) await collection.insertMany(Array.from({ length: 5_000 }, (_, k) => made(i + k)))
    history = createDeploymentHistory(collection)
  })
  after(() => mongo?.[Symbol.asyncDispose]())

  /** How many documents MongoDB looked at, by its own account of what it was really asked. */
  async function examinedBy(ask: () => Promise<unknown>): Promise<{ plan: string; examined: number }> {
    const { sys } = mongo.database
    await sys.command({ profile: 2 })
    try {
      await ask()
    } finally {
      await sys.command({ profile: 0 })
    }
    const [asked] = await sys.collection('system.profile').find({ ns: 'sys_db.deployments', op: 'query' }).sort({ ts: -1 }).limit(1).toArray()
    await sys.collection('system.profile').drop()
    return { plan: asked?.planSummary, examined: asked?.docsExamined }
  }

  for (const [what, ask] of [
    ['of a gateway', () => history.listOfGateway('gateway-0', { limit: 50 })],
    ['of a gateway in one environment', () => history.listOfGateway('gateway-1', { limit: 50, environment: 'prod' })],
    ['of a gateway with a rare status', () => history.listOfGateway('gateway-0', { limit: 50, status: 'FAILED' })],
    ['of a function', () => history.listOfFunction('function-3', { limit: 50 })],
    ['of a function in one environment with a status', () => history.listOfFunction('function-9', { limit: 50, environment: 'prod', status: 'SUCCESS' })],
  ] as const) {
    it(`pages ${what} by an index, looking at little more than it answers`, async () => {
      const { plan, examined } = await examinedBy(ask)
      assert.match(plan, /^IXSCAN/)
      assert.ok(examined <= 60, `${examined} documents were looked at (${plan})`)
    })
  }
})
