import { strict as assert } from 'node:assert'
import type { Deployment } from '@imprun/contracts'
import { eventually } from '../../test/support/eventually.ts'
import { givenHttpBackend } from '../../test/support/given-http-backend.ts'
import { sampleDeployment } from '../../test/support/samples.ts'
import { createApiClient } from './api-client.ts'
import { DeploymentLists, type DeploymentsChange } from './deployment-lists.ts'

const gatewayId = 'hometax'
const approval: NonNullable<Deployment['approval']> = { required: 2, expiresAt: '2026-01-08T00:00:00.000Z', releaseHash: 'h', decisions: [] }
const waiting = (version: string, more: Partial<Deployment> = {}) =>
  sampleDeployment(version, { status: 'PENDING', environment: 'prod', approval, byUserId: 'lee', ...more })

async function givenLists() {
  const backend = await givenHttpBackend()
  const server = { approvals: [] as Deployment[] }
  backend.on('GET /approvals', () => ({ json: { items: server.approvals } }))
  backend.on(`GET /api-gateways/${gatewayId}/deployments`, () => ({ json: { items: [] } }))
  const changes: DeploymentsChange[] = []
  const lists = new DeploymentLists(
    createApiClient(() => ({ apiUrl: backend.apiUrl, token: 'secret' })),
    'me',
    (change) => changes.push(change),
  )
  await lists.approvals.ensureLoaded()
  const asked = () => backend.calls.filter(({ path }) => path === '/approvals').length
  return {
    ...{ backend, server, changes, lists, asked },
    async [Symbol.asyncDispose]() {
      lists.dispose()
      await backend[Symbol.asyncDispose]()
    },
  }
}

describe('the lists of deployments', () => {
  it('ask the server once whether a set that arrives waits for this person', async () => {
    await using given = await givenLists()
    given.server.approvals = [waiting('1.0.0'), waiting('1.0.1')]
    for (const deployment of given.server.approvals) given.lists.accept(deployment)
    await eventually(() => assert.equal(given.lists.approvals.items.length, 2))
    assert.equal(given.asked(), 2)
  })

  it('ask nothing for what this person asked for or has decided on, and drop what is decided', async () => {
    await using given = await givenLists()
    given.server.approvals = [waiting('1.0.0')]
    given.lists.accept(waiting('1.0.0'))
    await eventually(() => assert.equal(given.lists.approvals.items.length, 1))
    const decided = { userId: 'me', by: 'me', decision: 'approved' as const, at: '2026-01-01T00:00:00.000Z' }
    given.lists.accept(waiting('1.0.0', { approval: { ...approval, decisions: [decided] } }))
    assert.deepEqual(given.lists.approvals.items, [])
    given.lists.accept(waiting('1.0.2', { byUserId: 'me' }))
    given.lists.accept(sampleDeployment('1.0.3'))
    assert.equal(given.asked(), 2)
  })

  it('keep what runs apart from what has ended', async () => {
    await using given = await givenLists()
    const running = given.lists.running(gatewayId)
    await running.ensureLoaded()
    given.lists.accept(waiting('1.0.0'))
    assert.equal(given.lists.findUnderWay(gatewayId, 'calculateTax', 'prod')?.version, '1.0.0')
    // A moment's work is not shown beside what is served.
    given.lists.accept(sampleDeployment('1.0.1', { status: 'IN_PROGRESS' }))
    assert.equal(given.lists.findUnderWay(gatewayId, 'calculateTax', 'dev'), undefined)
    given.lists.accept(waiting('1.0.0', { status: 'SUCCESS' }))
    assert.deepEqual(
      running.items.map(({ version }) => version),
      ['1.0.1'],
    )
  })
})
