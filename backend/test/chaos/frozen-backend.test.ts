import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'
import { type Inventory, readInventory, readLoose } from '../support/inventory.ts'
import { readPromises } from '../support/promises.ts'
import { randomFrom, testSeed } from '../support/seed.ts'
import { soak } from '../support/soak.ts'
import { givenStoppableBackends, type StoppableBackends } from '../support/stoppable-backends.ts'

const rounds = soak(32, 200)
const within = 60_000
const nothing: Inventory = { documents: {}, users: [], privileges: 0, phases: {} }
const name = 'answer'

describe('a whole backend that stands still for longer than its locks last', function () {
  this.timeout(10 * 60_000 + rounds * 30_000)
  let given: StoppableBackends
  let healthy: Inventory
  before(async () => {
    given = await givenStoppableBackends()
    for (const gatewayId of ['restless', 'steady']) await givenGateway(given.other, gatewayId)
    healthy = await inventory('restless')
    await givenPublished(given.other, 'steady', name, 'export default () => ({ value: 0 })')
  })
  after(() => given?.[Symbol.asyncDispose]())

  const inventory = (gatewayId: string) => readInventory(given.mongo.database, gatewayId)
  const gateways = () => given.mongo.database.sys.collection('apiGateways')
  /** Whoever does it, everything ends up where its owner wants it. */
  const settles = () =>
    eventually(async () => {
      for (const { gatewayId, state, phase } of await gateways().find().toArray())
        assert.equal(phase, { active: 'Started', inactive: 'Stopped' }[String(state)], `${gatewayId} is ${phase}`)
      const { transactions, openDeployments } = await readLoose(given.mongo.database)
      assert.deepEqual({ transactions, openDeployments }, { transactions: 0, openDeployments: 0 })
    }, within)
  /** All at once, through the backend that is going to be stopped. */
  const ask = (round: number) => {
    const { api } = given.slow
    const remove = (gatewayId: string) => api.call('deleteGateway', { params: { gatewayId } })
    return [
      api.call('createGateway', { body: { name: `Born ${round}`, gatewayId: `born-${round}` } }),
      ...(round > 0 ? [remove(`born-${round - 1}`)] : []),
      api.call('patchGateway', { params: { gatewayId: 'restless' }, body: { state: round % 2 === 0 ? 'inactive' : 'active' } }),
      api.call('saveFunction', {
        params: { gatewayId: 'steady', functionId: name },
        query: { publish: 'dev' },
        body: { code: `export default () => ({ value: ${round + 1} })` },
      }),
    ]
  }
  const looksWhole = async (moment: string) => {
    for (const { gatewayId, state } of await gateways()
      .find({ gatewayId: /^born-/ })
      .toArray())
      if (state === 'active') assert.deepEqual(await inventory(String(gatewayId)), healthy, moment)
    const known = new Set((await gateways().find().toArray()).map(({ gatewayId }) => gatewayId))
    for (let round = 0; round < rounds; round++)
      if (!known.has(`born-${round}`)) assert.deepEqual(await inventory(`born-${round}`), nothing, `${moment}: born-${round}`)
    const { succeeded, served, published, values } = await readPromises(given.mongo.database, { gatewayId: 'steady', environment: 'dev', name })
    assert.deepEqual({ served, published }, { served: succeeded, published: succeeded }, moment)
    const { body } = await callFunction(given.other, { gatewayId: 'steady', environment: 'dev', name, input: {} })
    assert.deepEqual(body, { value: succeeded && values.get(succeeded.releaseId) }, moment)
  }

  it(`changes nothing when it goes on, in ${rounds} rounds of everything at once`, async () => {
    const random = randomFrom(testSeed())
    const frozenAt: string[] = []
    for (let round = 0; round < rounds; round++) {
      const asked: Promise<unknown>[] = []
      const moment = await given.stopAt(Math.floor(random() * 40), () => {
        asked.push(...ask(round))
        return Promise.allSettled(asked).then(settles)
      })
      if (moment !== undefined) {
        frozenAt.push(moment)
        // What it has accepted is done without it, and half of the time undone as well.
        await settles()
        if (random() < 0.5 && (await gateways().findOne({ gatewayId: `born-${round}` }))) {
          await given.other.api.call('deleteGateway', { params: { gatewayId: `born-${round}` } })
          await settles()
        }
        await given.resume()
        await Promise.allSettled(asked)
        await given.slowHasLooked()
      }
      await settles()
      await looksWhole(moment ?? 'not stopped')
    }
    assert.deepEqual(given.staleWrites(), [])
    assert.ok(frozenAt.length >= rounds / 4, `It was stopped only ${frozenAt.length} times`)
    assert.ok(given.takenOver() > 0, 'the other one has taken over')
    console.log(`      stopped ${frozenAt.length} times, ${given.takenOver()} documents taken over, ${given.refusedWrites()} late writes refused`)
  })
})
