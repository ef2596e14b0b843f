import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { type FaultProxy, givenFaultProxy } from '../support/fault-proxy.ts'
import { commandsRun, createGateway, gatewayCommands, newModel, removeGateway } from '../support/gateway-model.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { testSeed } from '../support/seed.ts'

const faults = ['kill backend', 'kill backend in a publish', 'kill runtime', 'kill workers']
const furtherMax = 60

describe('a gateway whose owner changes his mind while processes are killed', function () {
  this.timeout(10 * 60_000)
  let mongo: GivenMongo
  let proxy: FaultProxy
  let backend: GivenBackend
  before(async () => {
    mongo = await givenMongo()
    proxy = await givenFaultProxy(mongo.uri)
    backend = await givenBackend({ asProcess: true, isMortal: true, env: { MONGODB_URI: proxy.uri } })
  })
  after(async () => {
    await backend?.[Symbol.asyncDispose]()
    await proxy?.[Symbol.asyncDispose]()
    await mongo?.[Symbol.asyncDispose]()
  })

  it('serves what a simple model says, after every step', async () => {
    let sequence = 0
    const property = fc.asyncProperty(fc.commands(gatewayCommands, { maxCommands: 10, size: 'max' }), async (commands) => {
      const system = { backend, mongo, proxy, gatewayId: `model-${++sequence}` }
      const model = newModel()
      await createGateway(model, system)
      await fc.asyncModelRun(() => ({ model, real: system }), commands)
      if (model.state !== 'absent') await removeGateway(model, system)
    })
    const seed = testSeed()
    // A sequence takes seconds: what failed is told as it was found, with its seed.
    await fc.assert(property, { seed, numRuns: 30, endOnFailure: true })
    // A fault that chance has left out comes in one of further sequences.
    for (let more = 1; more <= furtherMax && faults.some((fault) => !commandsRun.has(fault)); more++)
      await fc.assert(property, { seed: seed + more, numRuns: 1, endOnFailure: true })
    console.log(`      ${[...commandsRun].map(([title, count]) => `${title} ${count}`).join(', ')}`)
    for (const fault of faults) assert.ok(commandsRun.has(fault), `Never happened: ${fault}`)
  })
})
