import { strict as assert } from 'node:assert'
import { type VariablesPatch, type VariableVersion, variableVersionsMax } from '@imprun/contracts'
import type { Api } from '../support/api.ts'
import { dumpDatabases } from '../support/dump-databases.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenGateway } from '../support/given-gateway.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { givenMember } from '../support/given-people.ts'

const secretText = 'k-77a1-the-text-of-the-secret'

describe('the history of variables', function () {
  this.timeout(60_000)
  let mongo: GivenMongo
  let backend: GivenBackend
  before(async () => {
    mongo = await givenMongo()
    backend = await givenBackend()
  })
  after(async () => {
    await backend?.[Symbol.asyncDispose]()
    await mongo?.[Symbol.asyncDispose]()
  })

  /** A gateway's dev environment of which nobody has set a variable yet. */
  async function givenEnvironment(gatewayId: string) {
    await givenGateway(backend, gatewayId)
    const params = { gatewayId, environment: 'dev' }
    const stored = async () =>
      (await mongo.database.sys.collection<{ _id: string; variables: unknown }>('variables').findOne({ _id: `${gatewayId}/dev` }))?.variables
    return {
      gatewayId,
      params,
      stored,
      versions: mongo.database.sys.collection<{ gatewayId: string }>('variableVersions'),
      patch: (variables: VariablesPatch, api: Api = backend.api) => api.call('patchEnvironment', { params, body: { variables } }),
      revert: (version: number) => backend.api.call('revertVariables', { params, body: { version } }),
      history: async () => (await backend.api.call('listVariableVersions', { params })).items,
    }
  }
  const told = ({ version, changes }: VariableVersion) =>
    `${version}: ${changes.map(({ name, change, secret }) => `${change} ${secret ? 'secret ' : ''}${name}`).join(', ')}`

  it('tells who changed which of them, newest first and page by page, and no value', async () => {
    const { gatewayId, params, patch } = await givenEnvironment('told')
    const { api } = await givenMember(backend, gatewayId, 'grace', 'developer')
    await patch({ RATE: 'the-text-of-a-rate', API_KEY: { value: secretText, secret: true } })
    await patch({ RATE: 'the-text-of-another' }, api)
    await patch({ API_KEY: null, RATE: { value: 'the-text-of-another', secret: true } })

    const { items, nextCursor } = await backend.api.call('listVariableVersions', { params, query: { limit: 2 } })
    const rest = await backend.api.call('listVariableVersions', { params, query: { limit: 2, cursor: nextCursor ?? '' } })
    const all = [...items, ...rest.items]
    assert.deepEqual(all.map(told), ['3: removed secret API_KEY, changed secret RATE', '2: changed RATE', '1: added secret API_KEY, added RATE'])
    assert.deepEqual(
      all.map(({ by }) => by),
      ['ada', 'grace', 'ada'],
    )
    assert.equal(rest.nextCursor, undefined)
    assert.doesNotMatch(JSON.stringify(all), /the-text-of/)
  })

  it('has no version of a call that changes nothing, so that one may be sent again', async () => {
    const { params, patch, revert, history } = await givenEnvironment('repeated')
    const variables = { RATE: '1', API_KEY: { value: secretText, secret: true } }
    await patch(variables)
    await patch(variables)
    await revert(1)
    await backend.api.call('patchEnvironment', { params, body: { limits: { timeoutMs: 1000 } } })
    assert.deepEqual((await history()).map(told), ['1: added secret API_KEY, added RATE'])
    await patch({ API_KEY: `${secretText}-2` })
    assert.deepEqual((await history()).map(told)[0], '2: changed secret API_KEY')
  })

  it('brings all of a version back, secrets included, as a version of its own', async () => {
    const { gatewayId, patch, revert, history, stored } = await givenEnvironment('reverted')
    await patch({ RATE: '1', API_KEY: { value: secretText, secret: true } })
    const before = await stored()
    await patch({ RATE: '2', API_KEY: null, OTHER: 'x' })

    const { variables } = await revert(1)
    assert.deepEqual(variables, { API_KEY: { secret: true }, RATE: { secret: false, value: '1' } })
    const published = await mongo.database.gateway(gatewayId).collection('__variables').findOne({ environment: 'dev' })
    assert.deepEqual([await stored(), published?.variables], [before, before])
    const [newest] = await history()
    assert.deepEqual([newest && told(newest), newest?.revertedTo], ['3: added secret API_KEY, removed OTHER, changed RATE', 1])

    assert.deepEqual((await revert(2)).variables, { OTHER: { secret: false, value: 'x' }, RATE: { secret: false, value: '2' } })
    const audit = await backend.api.call('listGatewayAudit', { params: { gatewayId }, query: { route: 'revertVariables' } })
    assert.deepEqual(
      audit.items.map(({ facts }) => facts),
      [
        { version: 2, variablesSet: ['OTHER', 'RATE'], variablesDeleted: ['API_KEY'] },
        { version: 1, variablesSet: ['API_KEY', 'RATE'], variablesDeleted: ['OTHER'] },
      ],
    )
  })

  it('reverts a call with an Idempotency-Key once, however often it is sent', async () => {
    const { params, patch, history } = await givenEnvironment('once')
    await patch({ RATE: '1' })
    await patch({ RATE: '2' })
    const ask = { params, body: { version: 1 }, headers: { 'idempotency-key': 'back' } }
    const first = await backend.api.call('revertVariables', ask)
    await patch({ RATE: '3' })
    assert.deepEqual(await backend.api.call('revertVariables', ask), first)
    assert.deepEqual((await history()).map(told), ['4: changed RATE', '3: changed RATE', '2: changed RATE', '1: added RATE'])
  })

  it('makes no text readable that has become a secret, in versions from before that either', async () => {
    const { gatewayId, patch, revert, versions } = await givenEnvironment('hidden')
    await patch({ TOKEN: 'k-readable-at-first', RATE: '1' })
    await patch({ RATE: '2' })
    await patch({ TOKEN: { value: 'k-readable-at-first', secret: true } })
    await patch({ TOKEN: null })
    assert.deepEqual((await revert(1)).variables, { RATE: { secret: false, value: '1' }, TOKEN: { secret: true } })
    const kept = await versions.find({ gatewayId }).toArray()
    assert.equal(kept.length, 5)
    assert.doesNotMatch(JSON.stringify(kept), /readable-at-first/)
  })

  it(`keeps the newest ${variableVersionsMax}, and says so of one that is gone or never was`, async () => {
    const { params, patch, revert, versions, gatewayId } = await givenEnvironment('bounded')
    for (let rate = 1; rate <= variableVersionsMax + 2; rate++) await patch({ RATE: String(rate) })
    assert.equal(await versions.countDocuments({ gatewayId }), variableVersionsMax)
    for (const version of [2, 1000]) {
      const { code, detail } = await backend.api.refusal('revertVariables', { params, body: { version } })
      assert.equal(code, 'VARIABLE_VERSION_NOT_FOUND')
      assert.match(detail, new RegExp(`no version ${version} of the variables of bounded/dev. The newest ${variableVersionsMax} are kept`))
    }
    assert.deepEqual((await revert(3)).variables.RATE, { secret: false, value: '3' })
  })

  it('begins with what was there before there was a history', async () => {
    const { patch, revert, history, versions, gatewayId } = await givenEnvironment('older')
    await patch({ RATE: '1', API_KEY: { value: secretText, secret: true } })
    await versions.deleteMany({ gatewayId })
    await patch({ RATE: '2', API_KEY: null })
    assert.deepEqual(
      (await history()).map((version) => `${told(version)} by ${version.by}`),
      ['2: removed secret API_KEY, changed RATE by ada', '1: added secret API_KEY, added RATE by imprun'],
    )
    assert.deepEqual((await revert(1)).variables, { API_KEY: { secret: true }, RATE: { secret: false, value: '1' } })
  })

  it('is read by every member; changes are taken back by those who may make them', async () => {
    const { gatewayId, params, patch } = await givenEnvironment('members')
    await patch({ RATE: '1' })
    for (const role of ['admin', 'developer', 'approver', 'viewer'] as const) {
      const { api } = await givenMember(backend, gatewayId, `${role} of it`, role)
      assert.equal((await api.call('listVariableVersions', { params })).items.length, 1)
      const revert = { params, body: { version: 1 } }
      if (role === 'admin' || role === 'developer') await api.call('revertVariables', revert)
      else assert.equal((await api.refusal('revertVariables', revert)).code, 'FORBIDDEN')
    }
  })

  it('loses none of many changes at once, and numbers each', async () => {
    const { patch, history } = await givenEnvironment('parallel')
    await Promise.all(Array.from({ length: 20 }, (_, at) => patch({ [`PARALLEL_${at}`]: String(at) })))
    assert.deepEqual(
      (await history()).map(({ version, changes }) => [version, changes.length]),
      Array.from({ length: 20 }, (_, at) => [20 - at, 1]),
    )
  })

  it('holds no secret that could be read, and is gone with its gateway', async () => {
    const { gatewayId, patch, versions } = await givenEnvironment('gone')
    await patch({ API_KEY: { value: secretText, secret: true } })
    assert.doesNotMatch(await dumpDatabases(mongo.database), /of-the-secret/)
    await backend.api.call('deleteGateway', { params: { gatewayId } })
    await eventually(async () => assert.equal((await backend.api.refusal('getGateway', { params: { gatewayId } })).code, 'GATEWAY_NOT_FOUND'))
    assert.equal(await versions.countDocuments({ gatewayId }), 0)
  })
})
