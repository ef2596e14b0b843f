import { strict as assert } from 'node:assert'
import type { Deployment } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenCallers } from '../support/given-callers.ts'
import { answering, bodyOf, failing, inSteps } from '../support/given-canary.ts'
import { givenGateway, givenPublished } from '../support/given-gateway.ts'
import { givenMember, type Person } from '../support/given-people.ts'
import { givenHttpSink } from '../support/http-sink.ts'

const gatewayId = 'careful'
const params = { gatewayId, functionId: 'answer' }

describe('a canary that goes back', function () {
  this.timeout(60_000)
  let backend: GivenBackend
  let grace: Person
  let waiting: Deployment
  before(async () => {
    backend = await givenBackend({ env: { IMPRUN_NOTIFY_HOSTS: '127.0.0.1' } })
    await givenGateway(backend, gatewayId)
    grace = await givenMember(backend, gatewayId, 'grace', 'approver')
    await givenPublished(backend, gatewayId, 'answer', answering(1))
    await promote()
    await backend.api.call('patchEnvironment', { params: { gatewayId, environment: 'staging' }, body: { protection: { approvals: 1 } } })
  })
  after(() => backend?.[Symbol.asyncDispose]())
  const promote = (how = {}) => backend.api.ask('promoteFunction', { params, body: { from: 'dev', to: 'staging', ...how } })
  const find = async (): Promise<Deployment> => {
    const { items } = await backend.api.call('listDeployments', { params, query: { environment: 'staging' } })
    return items.find(({ deploymentId }) => deploymentId === waiting.deploymentId) ?? assert.fail('It is not in the history.')
  }

  it('waits for its approval before any caller gets the candidate', async () => {
    await backend.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: failing(2) } })
    const { status, body } = await promote(inSteps([50, 300]))
    waiting = body
    assert.deepEqual([status, body.status, body.canary?.percent], [202, 'PENDING', 0])
  })

  it('begins with the approval, fails, and is back by itself; who wants to know is told why', async () => {
    await using sink = await givenHttpSink()
    await backend.api.call('createNotifier', {
      params: { gatewayId },
      body: { name: 'CI', target: { kind: 'webhook', url: sink.url }, rules: { types: ['deployment.rolled_back'] } },
    })
    const callers = givenCallers(() => `${backend.connection.edgeUrl}/${gatewayId}/staging/answer`)
    const { status, body } = await grace.api.ask('approveDeployment', { params: { gatewayId, deploymentId: waiting.deploymentId }, body: {} })
    assert.deepEqual([status, body.status, body.canary?.percent], [202, 'IN_PROGRESS', 50])

    const ended = await eventually(async () => {
      const found = await find()
      assert.ok(found.finishedAt)
      return found
    }, 15_000)
    const goneAt = callers.answers.length + 40
    await eventually(() => assert.ok(callers.answers.length > goneAt + 20))
    await callers.stop()

    assert.deepEqual([ended.status, ended.error?.code, ended.canary?.verdict], ['ROLLED_BACK', 'CANARY_FAILED', 'failing'])
    assert.deepEqual(new Set(callers.answers.slice(goneAt).map((answer) => answer.body)), new Set([bodyOf(1)]))
    const [told] = await sink.received(1)
    assert.match(told?.body ?? '', /ROLLED_BACK\. In step 1 of 1, at 50 %/)
  })
})
