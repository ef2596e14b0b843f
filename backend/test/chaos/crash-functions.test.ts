import { strict as assert } from 'node:assert'
import type { EnvironmentName } from '@imprun/contracts'
import { dieAtEveryMoment, givenMortalBackend, type MortalBackend } from '../support/crash-points.ts'
import { eventually } from '../support/eventually.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'
import { readLoose, readMachine } from '../support/inventory.ts'
import { readPromises } from '../support/promises.ts'

const gatewayId = 'mortal'
const answering = (value: number): string => `export default () => ({ value: ${value} })`
const within = 60_000

describe('a backend that is killed at every write of a deployment', function () {
  this.timeout(10 * 60_000)
  let mortal: MortalBackend
  /** Outlives every backend: with the runtime's address, functions can be called while none runs. */
  let edge: Pick<MortalBackend['backend'], 'connection'>
  before(async () => {
    mortal = await givenMortalBackend()
    await givenGateway(mortal.backend, gatewayId)
    edge = { connection: mortal.backend.connection }
  })
  after(() => mortal?.[Symbol.asyncDispose]())

  const api = () => mortal.backend.api
  const named = (functionId: string) => ({ gatewayId, functionId })
  const valueIn = async (environment: EnvironmentName, name: string) => {
    const { status, body } = await callFunction(edge, { gatewayId, environment, name, input: {} })
    return status === 200 ? (body as { value: number }).value : undefined
  }
  const look = (environment: EnvironmentName, name: string) => readPromises(mortal.mongo.database, { gatewayId, environment, name })
  const leavesNothing = async (moment: string | undefined) => {
    const { database } = mortal.mongo
    assert.deepEqual(await readLoose(database), { transactions: 0, runningKeys: 0, openDeployments: 0 }, moment)
    const { workers, ...machine } = await readMachine(database, mortal.backend.home)
    assert.deepEqual(machine, { runtimes: 1, leases: 1, known: 1, users: 1 }, moment)
    // A warm spare, and those of the two environments that are called, unless that was long ago.
    assert.ok(workers >= 1 && workers <= 3, `${workers} workers: ${moment}`)
  }
  /** While no backend runs: what succeeded is published and answered, or what a deployment has put in its place that is recorded as under way. */
  const breaksNoPromise = (name: string, environment: EnvironmentName, moment: string) =>
    eventually(async () => {
      const { succeeded, published, underWay, values } = await look(environment, name)
      if (published?.deploymentId !== succeeded?.deploymentId) assert.ok(published && underWay.has(published.deploymentId), moment)
      const allowed = [succeeded, published].map((each) => each && values.get(each.releaseId))
      const value = await valueIn(environment, name)
      assert.ok(allowed.includes(value), `${value} instead of ${allowed.join(' or ')}: ${moment}`)
    }, within)
  /** All has ended by itself; what is recorded, what runtimes were given and what a caller gets are the same. */
  const keepsPromises = (name: string, environment: EnvironmentName, moment: string | undefined) =>
    eventually(async () => {
      await leavesNothing(moment)
      const { succeeded, served, published, values } = await look(environment, name)
      assert.deepEqual({ served, published }, { served: succeeded, published: succeeded }, moment)
      assert.equal(await valueIn(environment, name), succeeded && values.get(succeeded.releaseId), moment)
    }, within)

  interface Kind {
    what: string
    environment: EnvironmentName
    prepare(name: string): Promise<unknown>
    act(name: string, headers: Record<string, string>): Promise<unknown>
    /** What it is to serve in the end. */
    value: number
    /** What else is deployed with it. */
    also?(name: string): string
  }
  const save = (name: string, value: number, more: { baseRevision?: number; headers?: Record<string, string> } = {}) => {
    const { headers = {}, ...wish } = more
    return api().call('saveFunction', { params: named(name), query: { publish: 'dev' }, body: { code: answering(value), ...wish }, headers })
  }
  const together = (name: string) => `${name}Too`
  const kinds: Kind[] = [
    {
      what: 'publish',
      environment: 'dev',
      prepare: (name) => api().call('createFunction', { params: { gatewayId }, body: { name, code: answering(1) } }),
      act: (name, headers) => api().call('publishFunction', { params: named(name), body: { environment: 'dev' }, headers }),
      value: 1,
    },
    {
      what: 'save',
      environment: 'dev',
      prepare: (name) => givenPublished(mortal.backend, gatewayId, name, answering(1)),
      act: (name, headers) => save(name, 2, { baseRevision: 1, headers }),
      value: 2,
    },
    {
      what: 'promote',
      environment: 'staging',
      prepare: (name) => givenPublished(mortal.backend, gatewayId, name, answering(1)),
      act: (name, headers) => api().call('promoteFunction', { params: named(name), body: { from: 'dev', to: 'staging' }, headers }),
      value: 1,
    },
    {
      what: 'promoteTogether',
      environment: 'staging',
      async prepare(name) {
        for (const each of [name, together(name)]) await givenPublished(mortal.backend, gatewayId, each, answering(1))
      },
      also: (name) => together(name),
      act: (name, headers) =>
        api().call('promoteEnvironment', {
          params: { gatewayId, environment: 'staging' },
          body: { from: 'dev', functions: [name, together(name)] },
          headers,
        }),
      value: 1,
    },
    {
      what: 'rollback',
      environment: 'dev',
      async prepare(name) {
        await givenPublished(mortal.backend, gatewayId, name, answering(1))
        for (const value of [2, 3]) await save(name, value)
      },
      act: (name, headers) => api().call('rollbackFunction', { params: named(name), body: { environment: 'dev', reason: 'Totals are wrong' }, headers }),
      // One release back, also for a caller who asks again: twice would be two.
      value: 2,
    },
  ]

  for (const { what, environment, prepare, act, value, also } of kinds) {
    it(`${what}: what succeeded is served, and what is served is recorded`, async () => {
      const moments = await dieAtEveryMoment(async (n, passed) => {
        const name = `${what}${n}`
        const headers = { 'idempotency-key': name }
        const names = also ? [name, also(name)] : [name]
        const keepPromises = async (at: string | undefined) => {
          for (const each of names) await keepsPromises(each, environment, at)
        }
        await prepare(name)
        const moment = await mortal.dieOnce(passed, () => act(name, headers))
        if (moment !== undefined) {
          for (const each of names) await breaksNoPromise(each, environment, moment)
          await mortal.backend.start()
          await keepPromises(moment)
          await act(name, headers)
        }
        await keepPromises(moment)
        for (const each of names) assert.equal(await valueIn(environment, each), value, moment)
        await api().call('releaseHold', { params: { gatewayId, environment }, body: { reason: 'next round' } })
        return moment
      }, 5)
      console.log(`      ${moments.length} moments of a ${what}`)
    })
  }
})
