import { strict as assert } from 'node:assert'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, taxAtRate22, taxCode, taxInput } from '../support/given-gateway.ts'

/** Section 9 of the platform's document, request by request, as it is written there. */
describe('the hometax API of the document', () => {
  let backend: GivenBackend
  let apiKey = ''
  before(async () => {
    backend = await givenBackend()
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const post = async (path: string, body: unknown) => {
    const response = await backend.api.fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  it('9.1 creates the gateway, which is Started by itself', async () => {
    const created = await post('/api-gateways', { name: '홈택스 API', gatewayId: 'hometax', bundle: { runtime: 'nodejs20', memory: '512Mi', cpu: '500m' } })

    assert.equal(created.status, 202)
    assert.equal(created.body.gatewayId, 'hometax')
    assert.equal(created.body.phase, 'Creating')
    await eventually(async () => assert.equal((await backend.api.call('getGateway', { params: { gatewayId: 'hometax' } })).phase, 'Started'))
  })

  it('9.2 writes the function and publishes it to dev', async () => {
    await post('/api-gateways/hometax/functions', { name: 'calculateTax', code: taxCode(0.22) })
    const published = await post('/api-gateways/hometax/functions/calculateTax/publish', { environment: 'dev' })

    assert.equal(published.body.status, 'SUCCESS')
    assert.equal(published.body.version, '1.0.0')
  })

  it('9.3 creates the application and its grant, with the key in this one answer', async () => {
    const application = await post('/applications', { name: '모바일 앱', description: '홈택스 모바일 앱', organization: '국세청' })
    const grant = await post('/application-grants', { applicationId: application.body.applicationId, gatewayId: 'hometax', environment: 'dev' })

    assert.equal(grant.status, 201)
    for (const field of ['grantId', 'credentialId', 'apiKey', 'credentialReference']) assert.ok(grant.body[field], field)
    apiKey = String(grant.body.apiKey)
  })

  it('9.4 calls it with the key', async () => {
    await backend.api.call('patchEnvironment', { params: { gatewayId: 'hometax', environment: 'dev' }, body: { authType: 'key-auth' } })

    const answer = await callFunction(backend, { gatewayId: 'hometax', environment: 'dev', name: 'calculateTax', apiKey })

    assert.deepEqual(answer, { status: 200, body: { tax: taxAtRate22 } })
  })

  it('9.5 promotes it from dev to staging to prod with its version', async () => {
    const staging = await post('/api-gateways/hometax/functions/dev%2FcalculateTax/deploy-to-stage', { targetStage: 'staging' })
    const prod = await post('/api-gateways/hometax/functions/staging%2FcalculateTax/deploy-to-stage', { targetStage: 'prod' })

    assert.equal(staging.body.message, 'Deployed from dev to staging (version: 1.0.0)')
    assert.equal(prod.body.message, 'Deployed from staging to prod (version: 1.0.0)')
  })

  it('9.6 offers it as a tool that an official MCP client lists and calls', async () => {
    const tool = await post('/ai-gateway/mcp-tools', {
      name: 'calculate_tax',
      description: '소득세를 계산합니다',
      functionUrl: 'https://hometax.prod.api.imprun.dev/calculateTax',
      inputSchema: {
        type: 'object',
        properties: { income: { type: 'number', description: '연간 소득' }, deductions: { type: 'number', description: '공제액' } },
        required: ['income', 'deductions'],
      },
    })
    assert.equal(tool.status, 201)

    const client = new Client({ name: 'an agent', version: '1.0.0' })
    await client.connect(new StreamableHTTPClientTransport(new URL('/mcp/hometax/prod', backend.connection.apiUrl)) as Parameters<Client['connect']>[0])
    try {
      const { tools } = await client.listTools()
      const result = await client.callTool({ name: 'calculate_tax', arguments: taxInput })

      assert.deepEqual(
        tools.map(({ name }) => name),
        ['calculate_tax'],
      )
      assert.deepEqual(result.structuredContent, { tax: taxAtRate22 })
    } finally {
      await client.close()
    }
  })
})
