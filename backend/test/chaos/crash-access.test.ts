import { strict as assert } from 'node:assert'
import { gatewayCollections } from '@imprun/contracts'
import { dieAtEveryMoment, givenMortalBackend, type MortalBackend } from '../support/crash-points.ts'
import { eventually } from '../support/eventually.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'
import { readLoose, readMachine } from '../support/inventory.ts'

const gatewayId = 'guarded'
const environment = 'dev'
const name = 'rate'
const within = 60_000

describe('a backend that is killed at every write of what runtimes go by', function () {
  this.timeout(10 * 60_000)
  let mortal: MortalBackend
  /** Outlives every backend: with the runtime's address, functions can be called while none runs. */
  let edge: Pick<MortalBackend['backend'], 'connection'>
  before(async () => {
    mortal = await givenMortalBackend()
    await givenGateway(mortal.backend, gatewayId)
    await givenPublished(mortal.backend, gatewayId, name, 'export default () => ({ rate: imp.env.RATE })')
    edge = { connection: mortal.backend.connection }
  })
  after(() => mortal?.[Symbol.asyncDispose]())

  const api = () => mortal.backend.api
  const call = (apiKey?: string) => callFunction(edge, { gatewayId, environment, name, apiKey, input: {} })
  const find = (database: 'sys' | 'gateway', collection: string, _id: string) => {
    const { sys, gateway } = mortal.mongo.database
    return (database === 'sys' ? sys : gateway(gatewayId)).collection<{ _id: string }>(collection).findOne({ _id })
  }
  const nothingIsLoose = (moment: string | undefined) =>
    eventually(async () => {
      const { database } = mortal.mongo
      assert.deepEqual(await readLoose(database), { transactions: 0, runningKeys: 0, openDeployments: 0 }, moment)
      assert.deepEqual(await readMachine(database, mortal.backend.home), { runtimes: 1, workers: 2, leases: 1, known: 1, users: 1 }, moment)
    }, within)
  /** What was answered holds while no backend runs; afterwards it is done, or can be sent again. */
  const holdsWhatWasAnswered = async (
    passed: ReadonlySet<string>,
    { act, isDone, isConsistent }: { act(): Promise<unknown>; isDone(): Promise<boolean>; isConsistent(): Promise<void> },
  ) => {
    let isAnswered = false
    const moment = await mortal.dieOnce(passed, async () => {
      await act()
      isAnswered = true
    })
    if (isAnswered) assert.equal(await isDone(), true, `answered and not so: ${moment}`)
    if (moment !== undefined) {
      await mortal.backend.start()
      await eventually(isConsistent, within)
      await act()
    }
    assert.equal(await isDone(), true, moment)
    await isConsistent()
    await nothingIsLoose(moment)
    return moment
  }

  const read = async () => (await call()).body as { rate?: string }
  /** Runtimes are given what is stored, and the newest version of the history is that, too. */
  const variablesAgree = async () => {
    const versions = mortal.mongo.database.sys.collection('variableVersions')
    const all = await Promise.all([
      find('sys', 'variables', `${gatewayId}/${environment}`),
      find('gateway', gatewayCollections.variables, environment),
      versions.findOne({ gatewayId, environment }, { sort: { version: -1 } }),
    ])
    const [kept, given, newest] = all.map((document) => (document as { variables?: unknown } | null)?.variables)
    assert.deepEqual([given, newest], [kept, kept])
  }

  for (const secret of [false, true]) {
    it(`change a ${secret ? 'secret' : 'plain'} variable: what was answered is what functions read, and what they read is what is stored`, async () => {
      const kind = secret ? 'secret' : 'plain'
      const moments = await dieAtEveryMoment(async (n, passed) => {
        const value = `${kind}-${n}`
        const before = await read()
        const body = { variables: { RATE: { value, secret } } }
        const isDone = async () => (await read()).rate === value
        return holdsWhatWasAnswered(passed, {
          act: () => api().call('patchEnvironment', { params: { gatewayId, environment }, body, headers: { 'idempotency-key': value } }),
          isDone,
          async isConsistent() {
            await variablesAgree()
            const now = await read()
            assert.ok(now.rate === value || now.rate === before.rate, `${now.rate} was never set`)
          },
        })
      }, 3)
      console.log(`      ${moments.length} moments of changing a ${kind} variable`)
    })
  }

  it('take a change of variables back: what was answered is what functions read, and it is one version of the history', async () => {
    const params = { gatewayId, environment }
    const set = (value: string) => api().call('patchEnvironment', { params, body: { variables: { RATE: { value, secret: true } } } })
    const list = async () => (await api().call('listVariableVersions', { params })).items
    const moments = await dieAtEveryMoment(async (n, passed) => {
      const value = `good-${n}`
      await set(value)
      const [good] = await list()
      await set(`bad-${n}`)
      const body = { version: good?.version ?? 0 }
      const moment = await holdsWhatWasAnswered(passed, {
        act: () => api().call('revertVariables', { params, body, headers: { 'idempotency-key': value } }),
        isDone: async () => (await read()).rate === value,
        isConsistent: variablesAgree,
      })
      assert.equal((await list()).filter(({ revertedTo }) => revertedTo === good?.version).length, 1, moment)
      return moment
    }, 3)
    console.log(`      ${moments.length} moments of taking a change back`)
  })

  it('revoke a key: what was answered is refused by the runtime, and every document says the same', async () => {
    await api().call('patchEnvironment', { params: { gatewayId, environment }, body: { authType: 'key-auth' } })
    const moments = await dieAtEveryMoment(async (n, passed) => {
      const { applicationId } = await api().call('createApplication', { body: { name: `Shop ${n}` } })
      const { grantId, credentialId, apiKey } = await api().call('createGrant', { body: { applicationId, gatewayId, environment } })
      const other = await api().call('createApplication', { body: { name: `Bystander ${n}` } })
      const bystander = await api().call('createGrant', { body: { applicationId: other.applicationId, gatewayId, environment } })
      assert.equal((await call(apiKey)).status, 200)
      return holdsWhatWasAnswered(passed, {
        act: () => api().call('revokeGrant', { params: { grantId }, headers: { 'idempotency-key': grantId } }),
        isDone: async () => (await call(apiKey)).status === 401,
        async isConsistent() {
          const [grant, issued, given] = (await Promise.all([
            find('sys', 'applicationGrants', grantId),
            find('sys', 'credentials', credentialId),
            find('gateway', gatewayCollections.credentials, credentialId),
          ])) as ({ state?: string } | null)[]
          assert.deepEqual([issued?.state, given?.state], [grant?.state, grant?.state])
          assert.equal((await call(apiKey)).status, grant?.state === 'revoked' ? 401 : 200)
          assert.equal((await call(bystander.apiKey)).status, 200)
        },
      })
    }, 3)
    console.log(`      ${moments.length} moments of revoking a key`)
  })
})
