import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { servedForSuite } from '../support/for-suite.ts'
import { givenMongo } from '../support/given-mongo.ts'
import { givenEnvironment } from '../support/given-runtime.ts'

const tell = `export default async (req, res) => res.json({ credential: req.credential, headers: req.headers, query: req.query })`

describe('access', () => {
  const given = servedForSuite()
  before(async () => {
    await given().publishAndWait('tell', tell)
    await given().acknowledged(await given().configure({ authType: 'key-auth' }))
  })
  const call = (apikey?: string, path = '/tell'): Promise<Response> => given().fetch(path, apikey === undefined ? {} : { headers: { apikey } })

  it('lets a granted key in and tells the function whose it is, not the key', async () => {
    const { key, revision } = await given().grant()
    await given().acknowledged(revision)
    const response = await call(key)
    assert.equal(response.status, 200)
    const text = await response.text()
    assert.equal(text.includes(key), false)
    assert.deepEqual((JSON.parse(text) as { credential: unknown }).credential, { id: 'credential-1', application: 'Tax & Söhne' })
  })

  it('answers the same to a missing, a malformed, an unknown, a revoked and an expired key', async () => {
    const revoked = await given().grant({ state: 'revoked' })
    const expired = await given().grant({ expiresAt: new Date(Date.now() - 1) })
    const elsewhere = await given().grant({ environment: 'prod' })
    await given().acknowledged(expired.revision)
    const answers = await Promise.all(
      [undefined, '', 'nonsense', 'imp_dev_000000000000000000000000000000000000', revoked.key, expired.key, elsewhere.key].map(async (key) => {
        const response = await call(key)
        const { requestId, ...body } = (await response.json()) as Record<string, unknown>
        return { status: response.status, hasId: typeof requestId === 'string', challenge: response.headers.get('www-authenticate'), body }
      }),
    )
    for (const answer of answers) assert.deepEqual(answer, answers[0])
    assert.equal(answers[0]?.status, 401)
    assert.equal(answers[0]?.body.code, 'API_KEY_REQUIRED')
  })

  it('does not take a key from the address or from two headers', async () => {
    const { key, revision } = await given().grant()
    await given().acknowledged(revision)
    assert.equal((await call(undefined, `/tell?apikey=${key}`)).status, 401)
    const headers = new Headers([
      ['apikey', key],
      ['apikey', key],
    ])
    assert.equal((await given().fetch('/tell', { headers })).status, 401)
  })

  it('does not tell which functions exist without a key', async () => {
    assert.equal((await call(undefined, '/nowhere')).status, 401)
  })

  it('refuses a key from the moment its revocation is acknowledged', async () => {
    const { key, hash, revision } = await given().grant()
    await given().acknowledged(revision)
    assert.equal((await call(key)).status, 200)
    await given().acknowledged(await given().putCredential(hash, { state: 'revoked' }))
    for (let i = 0; i < 20; i++) assert.equal((await call(key)).status, 401)
  })

  it('follows the environment from open to closed and back', async () => {
    await given().acknowledged(await given().configure({ authType: 'none' }))
    assert.equal((await call()).status, 200)
    await given().acknowledged(await given().configure({ authType: 'key-auth' }))
    assert.equal((await call()).status, 401)
  })

  it('lets nobody in while an environment has no settings', async () => {
    await using mongo = await givenMongo()
    const bare = await givenEnvironment(given().runtime, mongo, 'prod')
    await bare.publishAndWait('tell', tell)
    assert.equal((await bare.fetch('/tell')).status, 200)
    await bare.runtime.control.ask({ type: 'unassign', gatewayId: bare.gatewayId, environment: 'prod', fence: 2 })
    await bare.database.collection('__environments').deleteMany({})
    await bare.runtime.control.ask({ type: 'assign', assignment: { ...bare.assignment, fence: 3 } })
    assert.equal((await eventually(() => bare.fetch('/tell'))).status, 401)
  })
})
