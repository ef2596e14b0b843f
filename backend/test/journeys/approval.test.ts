import { strict as assert } from 'node:assert'
import type { Deployment } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished, taxAtRate22, taxCode } from '../support/given-gateway.ts'
import { givenMember, type Person } from '../support/given-people.ts'
import { createMovingClock } from '../support/moving-clock.ts'
import { watchEvents } from '../support/watch-events.ts'

const gatewayId = 'approved'
const params = { gatewayId, functionId: 'calculateTax' }
const prod = { gatewayId, environment: 'prod' }

describe('a protected environment', () => {
  const clock = createMovingClock()
  let backend: GivenBackend
  let grace: Person
  before(async () => {
    backend = await givenBackend({ clock })
    await givenGateway(backend, gatewayId)
    grace = await givenMember(backend, gatewayId, 'grace', 'approver')
    await givenPublished(backend, gatewayId, 'calculateTax', taxCode(0.22))
    await backend.api.call('patchEnvironment', { params: prod, body: { protection: { approvals: 1 } } })
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const inProd = () => callFunction(backend, { gatewayId, environment: 'prod', name: 'calculateTax' })
  const promote = (from: 'dev' | 'staging', to: 'staging' | 'prod') => backend.api.ask('promoteFunction', { params, body: { from, to } })
  const publishAndStage = async (rate: number) => {
    await backend.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: taxCode(rate) } })
    await promote('dev', 'staging')
  }
  let waiting: Deployment

  it('refuses what skips a stage before anybody is asked', async () => {
    const problem = await backend.api.refusal('promoteFunction', { params, body: { from: 'dev', to: 'prod' } })
    assert.equal(problem.code, 'STAGE_ORDER_VIOLATED')
    assert.deepEqual((await grace.api.call('listApprovals')).items, [])
  })

  it('has a promotion wait, tells the approver, and serves nothing yet', async () => {
    await promote('dev', 'staging')
    await using events = await watchEvents(grace.api)
    const { status, body } = await promote('staging', 'prod')
    assert.equal(status, 202)
    assert.equal(body.status, 'PENDING')
    assert.deepEqual([body.approval?.required, body.approval?.decisions], [1, []])
    waiting = body
    await eventually(async () =>
      assert.ok(
        events.seen.some((event) => event.type === 'deployment' && event.deployment.deploymentId === waiting.deploymentId),
        'not told yet',
      ),
    )
    assert.deepEqual(
      (await grace.api.call('listApprovals')).items.map(({ deploymentId }) => deploymentId),
      [waiting.deploymentId],
    )
    assert.deepEqual((await backend.api.call('listApprovals')).items, [])
    assert.equal((await inProd()).status, 404)
  })

  it('does not let its author approve', async () => {
    const problem = await backend.api.refusal('approveDeployment', { params: { gatewayId, deploymentId: waiting.deploymentId }, body: {} })
    assert.equal(problem.code, 'FORBIDDEN')
    assert.match(problem.detail, /somebody else/)
  })

  it('serves the release once the approver has said yes', async () => {
    const { status, body } = await grace.api.ask('approveDeployment', {
      params: { gatewayId, deploymentId: waiting.deploymentId },
      body: { comment: 'Checked with the tax office' },
    })
    assert.equal(status, 200)
    assert.equal(body.status, 'SUCCESS')
    assert.deepEqual(
      body.approval?.decisions.map(({ by, decision, comment }) => ({ by, decision, comment })),
      [{ by: 'grace', decision: 'approved', comment: 'Checked with the tax office' }],
    )
    assert.deepEqual(await inProd(), { status: 200, body: { tax: taxAtRate22 } })
  })

  it('ends what the approver rejects, and serves what it served', async () => {
    await publishAndStage(0.5)
    const { body } = await promote('staging', 'prod')
    const rejected = await grace.api.call('rejectDeployment', { params: { gatewayId, deploymentId: body.deploymentId }, body: { reason: 'Half is too much' } })
    assert.deepEqual([rejected.status, rejected.error?.code], ['FAILED', 'APPROVAL_REJECTED'])
    assert.match(rejected.error?.detail ?? '', /grace.*Half is too much/)
    assert.deepEqual((await inProd()).body, { tax: taxAtRate22 })
  })

  it('that is frozen refuses with name and reopening time, and lets a rollback with a reason pass', async () => {
    const other = await promote('staging', 'prod')
    await grace.api.call('approveDeployment', { params: { gatewayId, deploymentId: other.body.deploymentId }, body: {} })
    assert.deepEqual((await inProd()).body, { tax: 20_000_000 })
    const today = clock.now().toISOString().slice(0, 10)
    const freezes = [{ name: 'Year end', timeZone: 'UTC', from: `${today}T00:00`, to: '2099-01-01T00:00' }]
    await backend.api.call('patchEnvironment', { params: prod, body: { protection: { approvals: 1, freezes } } })

    const problem = await backend.api.refusal('promoteFunction', { params, body: { from: 'staging', to: 'prod' } })
    assert.equal(problem.code, 'ENVIRONMENT_FROZEN')
    assert.deepEqual([problem.facts?.freeze, problem.facts?.reopensAt], ['Year end', '2099-01-01T00:00:00.000Z'])

    const back = await backend.api.call('rollbackFunction', { params, body: { environment: 'prod', reason: 'Twice the tax' } })
    assert.deepEqual([back.status, back.reason], ['SUCCESS', 'Twice the tax'])
    assert.deepEqual(await inProd(), { status: 200, body: { tax: taxAtRate22 } })
  })
})
