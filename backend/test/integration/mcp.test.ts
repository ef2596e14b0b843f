import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type CreateTool, toProblem } from '@imprun/contracts'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import express, { type ErrorRequestHandler } from 'express'
import { createApplicationStore } from '../../src/applications/application-store.ts'
import { createGrantStore } from '../../src/applications/grant-store.ts'
import { createGrants } from '../../src/applications/grants.ts'
import { createFunctionLookup } from '../../src/functions/function-lookup.ts'
import { createMcpRouter } from '../../src/mcp/mcp-router.ts'
import { createToolRoutes } from '../../src/mcp/tool-routes.ts'
import { createToolStore } from '../../src/mcp/tool-store.ts'
import { createToolsets } from '../../src/mcp/toolsets.ts'
import { createMemberStore } from '../../src/members/member-store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { newId } from '../../src/platform/ids.ts'
import { silentLog } from '../../src/platform/log.ts'
import { eventually } from '../support/eventually.ts'
import { ada, givenFunctions, grace, problemOf, request, taxCode } from '../support/given-functions.ts'

const taxSchema = { type: 'object' as const, properties: { income: { type: 'number' } }, required: ['income'] }
const calculateTax: CreateTool = {
  name: 'calculate_tax',
  description: '소득세를 계산합니다',
  functionUrl: 'https://hometax.prod.api.imprun.dev/calculateTax',
  inputSchema: taxSchema,
}

interface Seen {
  method: string | undefined
  url: string | undefined
  headers: IncomingMessage['headers']
  body: string
}

const taxAnswer: RequestListener = (_req, res) => res.writeHead(200, { 'content-type': 'application/json' }).end('{"tax":22}')

/** The MCP endpoint in front of an edge that answers as told; `seen` is what reached the edge. */
async function givenMcp(answer: RequestListener = taxAnswer) {
  const given = await givenFunctions()
  await given.givenGateway('hometax')
  await given.routes.createFunction(request<'createFunction'>({ body: { name: 'calculateTax', code: taxCode(1), limits: {} } }))
  const seen: Seen[] = []
  const edge = await listen(async (req, res) => {
    const { method, url, headers } = req
    seen.push({ method, url, headers, body: await text(req) })
    answer(req, res)
  })
  const { database, watcher, gateways, environments, acknowledgements, functions } = given
  const tools = createToolStore(database)
  const toolsets = createToolsets({ tools, watcher })
  const grants = createGrantStore(database)
  const applications = createApplicationStore(database)
  const mcpUrl = (gatewayId: string, environment: string) => `http://localhost/mcp/${gatewayId}/${environment}`
  const lookup = createFunctionLookup({ gateways, functions })
  const routes = createToolRoutes({ tools, toolsets, lookup, gateways, members: createMemberStore(database), mcpUrl, clock: systemClock })
  const access = { authType: 'none' as 'none' | 'key-auth', state: 'active' }
  const app = express()
  const router = createMcpRouter({
    toolsets,
    environments: { find: async (gatewayId) => (gatewayId === 'hometax' ? access : undefined) },
    grants,
    edgeUrl: () => edge.url,
    log: silentLog,
  })
  const onError: ErrorRequestHandler = (error, _req, res, _next) => {
    const problem = toProblem(error.code ?? 'INTERNAL', error.message, 'r')
    res.status(problem.status).json(problem)
  }
  app.use('/mcp', router, onError)
  const backend = await listen(app)
  const grantService = createGrants({
    database,
    gateways,
    environments,
    applications,
    grants,
    acknowledgements,
    clock: systemClock,
    acknowledgeDeadlineMs: 1_000,
  })
  return {
    ...given,
    routes,
    deleteFunction: given.routes.deleteFunction,
    seen,
    access,
    url: `${backend.url}/mcp/hometax/prod`,
    register: (tool: CreateTool, by = ada) => routes.createTool(request<'createTool'>({ body: tool, by })),
    async issueKey() {
      const now = new Date()
      const _id = newId()
      await applications.insert({ _id, ownerId: ada.userId, name: _id, description: '', organization: '', createdAt: now, createdBy: ada, updatedAt: now })
      return grantService.create({ applicationId: _id, gatewayId: 'hometax', environment: 'prod' }, ada)
    },
    grantService,
    async [Symbol.asyncDispose]() {
      toolsets.stop()
      await backend.close()
      await edge.close()
      await given[Symbol.asyncDispose]()
    },
  }
}

async function listen(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The official client of the revisions that begin with a handshake. */
async function connect(url: string, headers: Record<string, string> = {}) {
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }) as Transport)
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() })
}

const modernVersion = '2026-07-28'
/** One request of the stateless revision, as it is on the wire. */
async function askModern(url: string, method: string, params: Record<string, unknown> = {}) {
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': modernVersion,
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': modernVersion,
      'mcp-method': method,
      ...(typeof params.name === 'string' ? { 'mcp-name': params.name } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: envelope } }),
  })
  return (await answer.json()) as { result?: { tools?: { name: string }[]; structuredContent?: unknown }; error?: { code: number; message: string } }
}

describe('the MCP endpoint', () => {
  it('lists the tools of its environment, by name, to the official client', async () => {
    await using given = await givenMcp()
    const { toolId, mcpUrl } = await given.register(calculateTax)
    await given.register({ name: 'another', description: 'x', function: { gatewayId: 'hometax', environment: 'prod', name: 'calculateTax' } })
    await given.register({ ...calculateTax, functionUrl: 'http://localhost:7421/hometax/dev/calculateTax' })
    await using client = await connect(given.url)

    const { tools } = await client.listTools()

    assert.deepEqual(
      tools.map(({ name, inputSchema }) => ({ name, inputSchema })),
      [
        { name: 'another', inputSchema: { type: 'object' } },
        { name: 'calculate_tax', inputSchema: taxSchema },
      ],
    )
    assert.equal(mcpUrl, 'http://localhost/mcp/hometax/prod')
    await given.routes.deleteTool(request<'deleteTool'>({ params: { toolId } }))
    assert.deepEqual(
      (await client.listTools()).tools.map(({ name }) => name),
      ['another'],
    )
  })

  it('calls the function by POST with the arguments as JSON, and tells its answer as text and as structure', async () => {
    await using given = await givenMcp()
    await given.register(calculateTax)
    await using client = await connect(given.url)

    const result = await client.callTool({ name: 'calculate_tax', arguments: { income: 100 } })

    assert.deepEqual(result.content, [{ type: 'text', text: '{"tax":22}' }])
    assert.deepEqual(result.structuredContent, { tax: 22 })
    const [call] = given.seen
    assert.deepEqual([call?.method, call?.url, call?.body], ['POST', '/hometax/prod/calculateTax', '{"income":100}'])
  })

  it('serves the stateless revision as well', async () => {
    await using given = await givenMcp()
    await given.register(calculateTax)

    const listed = await askModern(given.url, 'tools/list')
    const called = await askModern(given.url, 'tools/call', { name: 'calculate_tax', arguments: { income: 100 } })

    assert.deepEqual(
      listed.result?.tools?.map(({ name }) => name),
      ['calculate_tax'],
    )
    assert.deepEqual(called.result?.structuredContent, { tax: 22 })
  })

  it("tells the function's refusal as the tool's error, and bad arguments without calling it", async () => {
    await using given = await givenMcp((_req, res) => res.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"Missing required fields"}'))
    await given.register(calculateTax)
    await using client = await connect(given.url)

    const refused = await client.callTool({ name: 'calculate_tax', arguments: { income: 0 } })
    const wrong = await client.callTool({ name: 'calculate_tax', arguments: { income: 'much' } })

    assert.equal(refused.isError, true)
    assert.deepEqual(refused.content, [{ type: 'text', text: '{"error":"Missing required fields"}' }])
    assert.equal(wrong.isError, true)
    assert.match(JSON.stringify(wrong.content), /income/)
    assert.equal(given.seen.length, 1)
    await assert.rejects(client.callTool({ name: 'nothing', arguments: {} }), /no tool/)
  })

  it('asks for a key where the environment does, before it lists anything, and passes it on', async () => {
    await using given = await givenMcp()
    await given.register(calculateTax)
    given.access.authType = 'key-auth'
    const { apiKey, grant } = await given.issueKey()
    const list = (headers: Record<string, string>) =>
      fetch(given.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      })

    const wrong = `${apiKey.slice(0, -1)}${apiKey.endsWith('A') ? 'B' : 'A'}`
    const refused = await Promise.all([list({}), list({ apikey: wrong }), list({ apikey: 'x' }), list({ authorization: `Bearer ${wrong}` })])
    const bodies = await Promise.all(refused.map((answer) => answer.text()))
    for (const headers of [{ apikey: apiKey }, { authorization: `Bearer ${apiKey}` }]) {
      await using client = await connect(given.url, headers)
      await client.callTool({ name: 'calculate_tax', arguments: { income: 1 } })
    }
    await given.grantService.revoke(grant)

    assert.deepEqual(
      refused.map(({ status }) => status),
      [401, 401, 401, 401],
    )
    assert.equal(new Set(bodies).size, 1)
    assert.deepEqual(
      given.seen.map(({ headers }) => headers.apikey),
      [apiKey, apiKey],
    )
    assert.equal((await list({ apikey: apiKey })).status, 401)
  })

  it("ends the function's run when the agent hangs up", async () => {
    const cut = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    await using given = await givenMcp((_req, res) => {
      res.once('close', () => cut.resolve())
      reached.resolve()
    })
    await given.register(calculateTax)
    const client = await connect(given.url)
    const call = client.callTool({ name: 'calculate_tax', arguments: { income: 1 } }).catch(() => {})

    await reached.promise
    await client.close()

    await cut.promise
    await call
  })

  it('offers no tool of a function that was deleted', async () => {
    await using given = await givenMcp()
    await given.register(calculateTax)
    await using client = await connect(given.url)
    assert.equal((await client.listTools()).tools.length, 1)

    await given.deleteFunction(request<'deleteFunction'>({}))

    await eventually(async () => assert.deepEqual((await client.listTools()).tools, []))
    assert.deepEqual((await given.routes.listTools(request<'listTools'>({ query: { limit: 10 } }))).items, [])
  })

  it('refuses tools with a taken name, an unknown function, or of somebody else', async () => {
    await using given = await givenMcp()
    const { toolId } = await given.register(calculateTax)

    assert.equal((await problemOf(given.register(calculateTax))).code, 'TOOL_NAME_TAKEN')
    assert.equal((await problemOf(given.register({ ...calculateTax, functionUrl: 'https://hometax.prod.example.com/nothing' }))).code, 'FUNCTION_NOT_FOUND')
    assert.equal((await problemOf(given.register({ ...calculateTax, name: 'x' }, grace))).code, 'GATEWAY_NOT_FOUND')
    assert.equal((await problemOf(given.routes.deleteTool(request<'deleteTool'>({ params: { toolId }, by: grace })))).code, 'TOOL_NOT_FOUND')
    const { items } = await given.routes.listTools(request<'listTools'>({}))
    assert.equal(items.length, 1)
    const unknown = await fetch(given.url.replace('hometax', 'nowhere'), { method: 'POST' })
    assert.equal(unknown.status, 404)
  })
})
