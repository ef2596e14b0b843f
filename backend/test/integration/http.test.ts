import { strict as assert } from 'node:assert'
import { type Problem, problemSchema, type RouteDefinition, type RouteName, routes } from '@imprun/contracts'
import { Validator } from '@seriousme/openapi-schema-validator'
import { bodyBytesMax } from '../../src/http/body.ts'
import { homeDigest } from '../../src/platform/socket-folder.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenApi, givenApi } from '../support/given-api.ts'

const json = { 'content-type': 'application/json' }
const problemOf = async (answer: Response): Promise<Problem> => {
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
  const problem = problemSchema.parse(await answer.json())
  assert.equal(problem.status, answer.status)
  assert.equal(problem.requestId, answer.headers.get('x-request-id'))
  return problem
}
const pathOf = ({ path }: RouteDefinition) => path.replace(/:\w+/g, 'nobody')

describe('HTTP', () => {
  let given: GivenApi
  before(async () => {
    given = await givenApi()
  })
  after(() => given[Symbol.asyncDispose]())

  describe('sign-in', () => {
    it('refuses a missing, a malformed and an unknown token in the same words', async () => {
      const answers = await Promise.all(
        [{}, { authorization: 'Basic YTpi' }, { authorization: 'Bearer imp_user_nobody' }, { authorization: `Bearer ${'x'.repeat(5000)}` }].map((headers) =>
          fetch(new URL('/account', given.connection.apiUrl), { headers: headers as Record<string, string> }),
        ),
      )
      for (const answer of answers) assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="imprun"')
      const problems = await Promise.all(answers.map(problemOf))
      assert.deepEqual(new Set(problems.map(({ code, detail }) => `${code} ${detail}`)).size, 1)
      assert.equal(problems[0]?.code, 'SIGN_IN_REQUIRED')
    })

    it('is asked for by every route, and every route is there', async () => {
      for (const [name, route] of Object.entries(routes) as [RouteName, RouteDefinition][]) {
        const answer = await fetch(new URL(pathOf(route), given.connection.apiUrl), { method: route.method })
        assert.equal(answer.status, 401, name)
        await answer.body?.cancel()
      }
    })

    it('tells who is signed in', async () => {
      const { userId, name } = await given.api.call('getAccount')
      assert.match(userId, /^[0-9a-f]{24}$/)
      assert.equal(name, 'ada')
    })
  })

  describe('input', () => {
    it('names every faulty field at once', async () => {
      const problem = await given.api.refusal('createGateway', {
        body: { name: '', gatewayId: 'Home Tax', bundle: { memory: 'much' }, colour: 'red' } as never,
      })
      assert.equal(problem.code, 'INPUT_INVALID')
      assert.deepEqual(problem.errors?.map(({ field }) => field).toSorted(), ['bundle.memory', 'colour', 'gatewayId', 'name'])
    })

    it('says which fields are missing, and where the query is wrong', async () => {
      const missing = await given.api.refusal('createApplication', { body: {} as never })
      assert.deepEqual(missing.errors, [{ field: 'name', message: 'This field is required.' }])
      const query = await given.api.refusal('listGateways', { query: { limit: 'many' } })
      assert.deepEqual(
        query.errors?.map(({ field }) => field),
        ['query.limit'],
      )
    })

    it('wants a JSON body of the right type', async () => {
      const send = async (init: RequestInit) => problemOf(await given.api.fetch('/applications', { method: 'POST', ...init }))
      assert.equal((await send({ headers: json, body: '{"name":' })).code, 'BODY_NOT_JSON')
      assert.equal((await send({})).code, 'BODY_NOT_JSON')
      assert.match((await send({ headers: { 'content-type': 'text/plain' }, body: '{"name":"a"}' })).detail, /content-type: application\/json.*text\/plain/)
      assert.deepEqual(
        (await send({ headers: json, body: '[]' })).errors?.map(({ field }) => field),
        ['body'],
      )
      assert.equal((await send({ headers: json, body: '42' })).code, 'INPUT_INVALID')
    })

    it('takes a body up to the limit and refuses a larger one', async () => {
      const send = async (bytes: number) =>
        problemOf(await given.api.fetch('/applications', { method: 'POST', headers: json, body: `"${'a'.repeat(bytes - 2)}"` }))
      assert.equal((await send(bodyBytesMax)).code, 'INPUT_INVALID')
      assert.equal((await send(bodyBytesMax + 1)).code, 'BODY_TOO_LARGE')
    })

    it('refuses a path that is not well encoded', async () => {
      assert.equal((await problemOf(await given.api.fetch('/api-gateways/%E0%A4%A'))).code, 'INPUT_INVALID')
    })
  })

  describe('routing', () => {
    it('answers an unknown path with 404 and a known one under another method with 405 and Allow', async () => {
      assert.equal((await problemOf(await given.api.fetch('/nowhere'))).code, 'ROUTE_NOT_FOUND')
      const answer = await given.api.fetch('/api-gateways/hometax', { method: 'PUT' })
      assert.equal(answer.headers.get('allow'), 'GET, HEAD, PATCH, DELETE')
      assert.equal((await problemOf(answer)).code, 'METHOD_NOT_ALLOWED')
    })

    it('is reached by names of this machine only, and not by pages of other sites', async () => {
      const ask = (host: string, more = '') => given.sendRaw(`GET /healthz HTTP/1.1\r\nhost: ${host}\r\n${more}connection: close\r\n\r\n`)
      for (const host of ['localhost:7420', '127.0.0.1', '[::1]:80', 'api.localhost']) assert.match(await ask(host), /^HTTP\/1.1 200/)
      for (const host of ['evil.example', 'localhost.evil.example', '']) assert.match(await ask(host), /^HTTP\/1.1 403.*FORBIDDEN/s)
      assert.match(await ask('localhost', 'origin: http://evil.example\r\n'), /^HTTP\/1.1 403/)
      assert.match(await ask('localhost', 'origin: null\r\n'), /^HTTP\/1.1 403/)
      assert.match(await ask('localhost', 'origin: http://localhost:7420\r\n'), /^HTTP\/1.1 200/)
    })

    it('gives every answer an id and headers that keep browsers from using it', async () => {
      const answer = await given.api.fetch('/account')
      assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9a-f]{24}$/)
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
      assert.equal(answer.headers.get('cache-control'), 'no-store')
      assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/)
      assert.equal(answer.headers.get('access-control-allow-origin'), null)
      assert.equal(answer.headers.get('x-powered-by'), null)
      await answer.body?.cancel()
    })

    it('tells the states of its parts without sign-in', async () => {
      const answer = await fetch(new URL('/readyz', given.connection.apiUrl))
      assert.deepEqual(await answer.json(), {
        isReady: true,
        parts: {
          database: { isReady: true, state: 'running' },
          watcher: { isReady: true, state: 'live' },
          runtime: { isReady: true, state: 'running' },
        },
      })
    })
  })

  describe('description', () => {
    it('is a valid OpenAPI document with every route', async () => {
      const document = (await (await given.api.fetch('/openapi.json')).json()) as {
        openapi: string
        paths: Record<string, Record<string, { operationId: string }>>
      }
      const { valid, errors } = await new Validator().validate(document)
      assert.equal(valid, true, JSON.stringify(errors))
      assert.match(document.openapi, /^3\.1/)
      const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
      assert.deepEqual(operations.toSorted(), Object.keys(routes).toSorted())
    })

    it('is readable at /docs with nothing from elsewhere', async () => {
      const page = await given.api.fetch('/docs')
      assert.match(page.headers.get('content-security-policy') ?? '', /script-src 'self';/)
      const html = await page.text()
      const links = [...html.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, link]) => link as string)
      assert.equal(links.length, 3)
      for (const link of links) assert.equal((await given.api.fetch(link)).status, 200, link)
      assert.doesNotMatch(html, /https?:|<script>/)
    })
  })

  describe('faults inside', () => {
    /** What the backend calls itself at MongoDB: only its commands shall fail, not the test's. */
    const backendName = () => `imprun-backend-${homeDigest(given.home)}`

    it('answers 503 with Retry-After while MongoDB does not answer, and goes on by itself', async () => {
      const admin = given.database.client.db('admin')
      await admin.command({
        configureFailPoint: 'failCommand',
        mode: 'alwaysOn',
        data: { failCommands: ['find'], closeConnection: true, appName: backendName() },
      })
      const answer = await given.api.fetch('/account')
      assert.ok(Number(answer.headers.get('retry-after')) > 0)
      assert.equal((await problemOf(answer)).code, 'DATABASE_UNAVAILABLE')
      await admin.command({ configureFailPoint: 'failCommand', mode: 'off' })
      await eventually(() => given.api.call('getAccount'))
    })

    it('tells the id of an unexpected fault and nothing else', async () => {
      const admin = given.database.client.db('admin')
      await admin.command({ configureFailPoint: 'failCommand', mode: 'alwaysOn', data: { failCommands: ['find'], errorCode: 8000, appName: backendName() } })
      const answer = await given.api.fetch('/account')
      await admin.command({ configureFailPoint: 'failCommand', mode: 'off' })
      const { requestId, ...problem } = await problemOf(answer)
      assert.equal(problem.code, 'INTERNAL')
      assert.ok(requestId)
      assert.doesNotMatch(JSON.stringify(problem), /find|8000|mongo/i)
    })
  })
})
