import { strict as assert } from 'node:assert'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'

const published = `export default (req, res) => res.json({ from: 'published' })\n`

describe('running code that is not saved', () => {
  let backend: GivenBackend
  const gatewayId = 'running'
  const functionId = 'greet'
  const params = { gatewayId, functionId }
  before(async () => {
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, functionId, published)
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const run = (code: string, request = {}) => backend.api.call('runFunction', { params, body: { code, request } })

  it('answers with status, headers, body, logs and duration, and publishes nothing', async () => {
    const code = `export default async function greet(req, res) {
  console.log('hello', req.query.lang, req.headers['x-imprun-run'])
  await imp.db().collection('greetings').insertOne({ name: req.body.name })
  res.status(201).set('x-greeting', 'yes').json({ hello: req.body.name, environment: imp.environment })
  console.warn('after the answer')
}
`
    const result = await run(code, { method: 'POST', query: 'lang=ko', body: JSON.stringify({ name: 'Ada' }) })

    assert.equal(result.error, undefined)
    assert.equal(result.status, 201)
    assert.deepEqual(JSON.parse(result.body), { hello: 'Ada', environment: 'dev' })
    assert.equal(result.headers.find(([name]) => name === 'x-greeting')?.[1], 'yes')
    assert.deepEqual(
      result.logs.map(({ level, message }) => [level, message]),
      [
        ['info', 'hello ko undefined'],
        ['warn', 'after the answer'],
      ],
    )
    assert.ok(result.durationMs > 0)
    assert.deepEqual((await callFunction(backend, { gatewayId, environment: 'dev', name: functionId })).body, { from: 'published' })
    assert.equal((await backend.api.call('getFunction', { params })).code, published)
    assert.deepEqual((await backend.api.call('listLogs', { params })).items, [])
  })

  it('tells its author what was thrown, with the place in what was written', async () => {
    const result = await run(`function look(value: undefined) {\n  return (value as any).missing\n}\n\nexport default () => look(undefined)\n`)

    assert.equal(result.status, 500)
    assert.equal(result.error?.code, 'FUNCTION_FAILED')
    assert.equal(result.error.line, 2)
    assert.match(result.error.message, /TypeError: .*missing[\s\S]*greet\.ts:2:/)
    assert.match(result.error.message, /greet\.ts:5:/)
  })

  it('ends what runs for ever', async () => {
    const result = await run('export default () => { for (;;); }')

    assert.equal(result.status, 504)
    assert.equal(result.error?.code, 'FUNCTION_TIMED_OUT')
    assert.deepEqual((await callFunction(backend, { gatewayId, environment: 'dev', name: functionId })).body, { from: 'published' })
  })

  it('marks the line of code that does not compile or throws while it loads', async () => {
    const broken = await backend.api.refusal('runFunction', { params, body: { code: 'export default () => {\n  return 1 +\n}\n' } })
    const throwing = await backend.api.refusal('runFunction', { params, body: { code: `\nthrow new Error('no')\nexport default () => 1\n` } })

    assert.equal(broken.code, 'CODE_NOT_COMPILING')
    assert.equal(broken.errors?.[0]?.line, 3)
    assert.equal(throwing.code, 'CODE_THROWS_AT_LOAD')
    assert.equal(throwing.errors?.[0]?.line, 2)
  })

  it('is let in by a secret that is good for one run, and by nothing else', async () => {
    const target = `${backend.connection.edgeUrl}/${gatewayId}/dev/${functionId}`
    const answers = await Promise.all(['', 'x', `${'a'.repeat(24)}.${'b'.repeat(64)}`].map((ticket) => fetch(target, { headers: { 'x-imprun-run': ticket } })))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 404, 404],
    )
  })

  it('needs no key where callers need one', async () => {
    await backend.api.call('patchEnvironment', { params: { gatewayId, environment: 'dev' }, body: { authType: 'key-auth' } })
    assert.equal((await callFunction(backend, { gatewayId, environment: 'dev', name: functionId })).status, 401)
    assert.equal((await run('export default (req) => ({ trigger: req.trigger })')).body, '{"trigger":"run"}')
    await backend.api.call('patchEnvironment', { params: { gatewayId, environment: 'dev' }, body: { authType: 'none' } })
  })

  it('ends with the request that asked for it', async () => {
    const hangUp = new AbortController()
    const code = `export default async () => {
  await imp.db().collection('ticks').insertOne({ at: 'begin' })
  await new Promise((resolve) => setTimeout(resolve, 2000))
}`
    const running = backend.api.call('runFunction', { params, body: { code }, signal: hangUp.signal })
    setTimeout(() => hangUp.abort(), 300)
    await assert.rejects(running, { name: 'AbortError' })
    assert.equal((await run('export default () => 1')).status, 200)
  })
})
