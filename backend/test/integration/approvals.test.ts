import { strict as assert } from 'node:assert'
import { approvalTtlMs, type Deployment, type ErrorCode } from '@imprun/contracts'
import { type ConnectedDatabase, connectDatabase } from '../../src/database/database.ts'
import { createAwaitingStore } from '../../src/deployments/awaiting-store.ts'
import { createDeploymentStore } from '../../src/deployments/deployment-store.ts'
import type { StoredDeployment } from '../../src/deployments/stored-deployment.ts'
import type { Api } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'
import { givenMongo } from '../support/given-mongo.ts'
import { givenMember, givenPerson, type Person } from '../support/given-people.ts'
import { createMovingClock } from '../support/moving-clock.ts'

const gatewayId = 'shop'
const prod = { gatewayId, environment: 'prod' }
const code = (answer: string) => `export default async () => ({ answer: '${answer}', rate: imp.env.RATE })`

describe('approvals', () => {
  const clock = createMovingClock()
  const undo = new AsyncDisposableStack()
  let backend: GivenBackend
  let database: ConnectedDatabase
  let author: Person
  let first: Person
  let second: Person
  before(async () => {
    const mongo = undo.use(await givenMongo())
    database = undo.adopt(await connectDatabase(mongo.uri), (connected) => connected.close())
    backend = undo.use(await givenBackend({ clock }))
    await givenGateway(backend, gatewayId)
    ;[author, first, second] = await Promise.all([
      givenMember(backend, gatewayId, 'author', 'developer'),
      givenMember(backend, gatewayId, 'first', 'approver'),
      givenMember(backend, gatewayId, 'second', 'admin'),
      ...['staging', 'prod'].map((environment) =>
        backend.api.call('patchEnvironment', { params: { gatewayId, environment }, body: { variables: { RATE: { value: '1' } } } }),
      ),
    ])
    await protect(1)
  })
  after(() => undo.disposeAsync())

  const protect = (approvals: number, more: object = {}) => backend.api.call('patchEnvironment', { params: prod, body: { protection: { approvals, ...more } } })
  const publishAndStage = async (name: string, answer: string) => {
    const params = { gatewayId, functionId: name }
    await author.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: code(answer) } })
    await author.api.call('promoteFunction', { params, body: { from: 'dev', to: 'staging' } })
  }
  const promote = async (name: string): Promise<Deployment> => {
    const { status, body } = await author.api.ask('promoteFunction', { params: { gatewayId, functionId: name }, body: { from: 'staging', to: 'prod' } })
    assert.deepEqual([status, body.status], [202, 'PENDING'])
    return body
  }
  /** A function in staging, and its promotion to prod, which waits. */
  const givenWaiting = async (name: string): Promise<Deployment> => {
    await givenPublished({ api: author.api }, gatewayId, name, code('old'))
    await author.api.call('promoteFunction', { params: { gatewayId, functionId: name }, body: { from: 'dev', to: 'staging' } })
    return promote(name)
  }
  const of = ({ deploymentId }: Deployment) => ({ params: { gatewayId, deploymentId }, body: {} })
  const find = async ({ deploymentId, functionName }: Deployment): Promise<Deployment> => {
    const { items } = await backend.api.call('listDeployments', { params: { gatewayId, functionId: functionName } })
    const found = items.find((each) => each.deploymentId === deploymentId)
    assert.ok(found)
    return found
  }
  const endsWith = (deployment: Deployment, error: ErrorCode) => eventually(async () => assert.equal((await find(deployment)).error?.code, error))
  const answerIn = (name: string) => callFunction(backend, { gatewayId, environment: 'prod', name })

  it('are given by whom the matrix says, and by nobody else', async () => {
    const waiting = await givenWaiting('matrix')
    const viewer = await givenMember(backend, gatewayId, 'viewer', 'viewer')
    const developer = await givenMember(backend, gatewayId, 'developer', 'developer')
    const stranger = await givenPerson(backend, 'stranger')
    const again = await author.api.call('createAccessToken', { body: { name: 'laptop', kind: 'person' } })
    const people: [string, Api, Record<'approve' | 'reject' | 'cancel', ErrorCode | undefined>][] = [
      ['stranger', stranger.api, { approve: 'GATEWAY_NOT_FOUND', reject: 'GATEWAY_NOT_FOUND', cancel: 'GATEWAY_NOT_FOUND' }],
      ['viewer', viewer.api, { approve: 'FORBIDDEN', reject: 'FORBIDDEN', cancel: 'FORBIDDEN' }],
      ['another developer', developer.api, { approve: 'FORBIDDEN', reject: 'FORBIDDEN', cancel: 'FORBIDDEN' }],
      ['the author', author.api, { approve: 'FORBIDDEN', reject: 'FORBIDDEN', cancel: undefined }],
      ['a second token of the author', backend.api.withToken(again.token), { approve: 'FORBIDDEN', reject: 'FORBIDDEN', cancel: undefined }],
      ['a service token of an approver', first.service, { approve: 'FORBIDDEN', reject: 'FORBIDDEN', cancel: 'FORBIDDEN' }],
      ['an approver', first.api, { approve: undefined, reject: undefined, cancel: 'FORBIDDEN' }],
      ['an admin', second.api, { approve: undefined, reject: undefined, cancel: undefined }],
    ]
    const asks = (api: Api, deployment: Deployment) => ({
      approve: () => api.call('approveDeployment', of(deployment)),
      reject: () => api.call('rejectDeployment', { ...of(deployment), body: { reason: 'no' } }),
      cancel: () => api.call('cancelDeployment', of(deployment)),
    })
    let present = waiting
    for (const [who, api, expected] of people)
      for (const action of ['approve', 'reject', 'cancel'] as const) {
        if ((await find(present)).status !== 'PENDING') present = await promote('matrix')
        const code = await asks(api, present)
          [action]()
          .then(() => undefined)
          .catch((error: { problem?: { code: string } }) => error.problem?.code ?? String(error))
        assert.equal(code, expected[action], `${who}: ${action}`)
        const { status, error } = await find(present)
        assert.equal(status === 'PENDING', code !== undefined, `${who}: ${action} left it as it is only when refused`)
        if (action === 'cancel' && code === undefined) assert.equal(error?.code, 'DEPLOYMENT_CANCELLED')
      }
  })

  it('by two distinct people are needed where two are asked for, whoever says it twice', async () => {
    await protect(2)
    const waiting = await givenWaiting('two')
    for (const _ of [1, 2]) {
      const { status, body } = await first.api.ask('approveDeployment', of(waiting))
      assert.deepEqual([status, body.status, body.approval?.decisions.length], [202, 'PENDING', 1])
    }
    assert.equal((await answerIn('two')).status, 404)
    const { status, body } = await second.api.ask('approveDeployment', of(waiting))
    assert.deepEqual([status, body.status], [200, 'SUCCESS'])
    assert.deepEqual(await answerIn('two'), { status: 200, body: { answer: 'old', rate: '1' } })
    assert.equal((await first.api.refusal('approveDeployment', of(waiting))).code, 'APPROVAL_NOT_AWAITED')
    await protect(1)
  })

  it('that come at the same moment are all counted, once for each person, and deploy once', async () => {
    await protect(2)
    const waiting = await givenWaiting('at-once')
    const answers = await Promise.all([first, second, first, second, first].map(({ api }) => api.ask('approveDeployment', of(waiting)).catch(() => undefined)))
    await eventually(async () => assert.equal((await find(waiting)).status, 'SUCCESS'))
    assert.deepEqual((await find(waiting)).approval?.decisions.map(({ by }) => by).toSorted(), ['first', 'second'])
    assert.equal(answers.filter((answer) => answer?.body.status === 'SUCCESS').length, 1)
    const stored = await createDeploymentStore(database).findById(waiting.deploymentId)
    assert.deepEqual(
      stored?.history.map(({ status }) => status),
      ['PENDING', 'VALIDATING', 'IN_PROGRESS', 'SUCCESS'],
    )
    await protect(1)
  })

  it('are void once staging serves another release, though nobody asks', async () => {
    const waiting = await givenWaiting('moved')
    await publishAndStage('moved', 'new')
    await endsWith(waiting, 'APPROVAL_VOID')
    assert.equal((await first.api.refusal('approveDeployment', of(waiting))).code, 'APPROVAL_VOID')
    assert.equal((await answerIn('moved')).status, 404)
    assert.equal((await first.api.call('approveDeployment', of(await promote('moved')))).status, 'SUCCESS')
  })

  it('are void once the environment asks for more of them', async () => {
    const waiting = await givenWaiting('tightened')
    await protect(2)
    const { code, detail } = await first.api.refusal('approveDeployment', of(waiting))
    assert.equal(code, 'APPROVAL_VOID')
    assert.match(detail, /protection of prod has changed/)
    assert.equal((await find(waiting)).status, 'FAILED')
    await protect(1)
  })

  it('are good until seven days have passed, and expire then, though nobody asks', async () => {
    const [inTime, late] = [await givenWaiting('in-time'), await givenWaiting('late')]
    // Long enough for a busy machine to come here and say yes.
    const shortlyMs = 60 * 60_000
    clock.advanceMs(approvalTtlMs - shortlyMs)
    assert.equal((await first.api.call('approveDeployment', of(inTime))).status, 'SUCCESS')
    assert.equal((await find(late)).status, 'PENDING')
    clock.advanceMs(shortlyMs)
    await endsWith(late, 'APPROVAL_EXPIRED')
    assert.equal((await first.api.refusal('approveDeployment', of(late))).code, 'APPROVAL_EXPIRED')
    assert.equal((await first.api.call('approveDeployment', of(await promote('late')))).status, 'SUCCESS')
  })

  it('wait for what came last: an older deployment gives way with a pointer', async () => {
    const older = await givenWaiting('newer')
    const newer = await promote('newer')
    const { status, supersededBy } = await find(older)
    assert.deepEqual([status, supersededBy], ['SUPERSEDED', newer.deploymentId])
    assert.equal((await first.api.call('approveDeployment', of(newer))).status, 'SUCCESS')
  })

  it('are not asked for a rollback, which takes the place of what waits', async () => {
    const served = await givenWaiting('back')
    assert.equal((await first.api.call('approveDeployment', of(served))).status, 'SUCCESS')
    await publishAndStage('back', 'new')
    assert.equal((await first.api.call('approveDeployment', of(await promote('back')))).status, 'SUCCESS')
    await publishAndStage('back', 'newest')
    const waiting = await promote('back')
    const params = { gatewayId, functionId: 'back' }
    const back = await author.api.ask('rollbackFunction', { params, body: { environment: 'prod', reason: 'The new answer is wrong' } })
    assert.deepEqual([back.status, back.body.status, back.body.approval], [200, 'SUCCESS', undefined])
    const { status, supersededBy } = await find(waiting)
    assert.deepEqual([status, supersededBy], ['SUPERSEDED', back.body.deploymentId])
    assert.deepEqual((await answerIn('back')).body, { answer: 'old', rate: '1' })
  })

  it('do not overrule a gate that refuses by then, and all refusals are told', async () => {
    const waiting = await givenWaiting('gated')
    const today = clock.now().toISOString().slice(0, 10)
    await protect(1, { freezes: [{ name: 'Holidays', timeZone: 'UTC', from: `${today}T00:00`, to: '2099-01-01T00:00' }] })
    await backend.api.call('patchEnvironment', { params: prod, body: { variables: { RATE: null } } })
    const { facts } = await first.api.refusal('approveDeployment', of(waiting))
    const refusals = facts?.refusals as { code: string }[]
    assert.deepEqual(
      refusals.map((refusal) => refusal.code),
      ['ENVIRONMENT_FROZEN', 'VARIABLES_MISSING'],
    )
    assert.deepEqual((await find(waiting)).approval?.decisions, [])

    await protect(1)
    await backend.api.call('patchEnvironment', { params: prod, body: { variables: { RATE: { value: '1' } } } })
    assert.equal((await first.api.call('approveDeployment', of(waiting))).status, 'SUCCESS')
  })

  it('of one deployment approve its whole set', async () => {
    for (const name of ['set-one', 'set-two']) {
      await givenPublished({ api: author.api }, gatewayId, name, code(name))
      await author.api.call('promoteFunction', { params: { gatewayId, functionId: name }, body: { from: 'dev', to: 'staging' } })
    }
    const functions = ['set-one', 'set-two']
    const { status, body } = await author.api.ask('promoteEnvironment', { params: prod, body: { from: 'staging', functions } })
    assert.deepEqual([status, body.status, body.deployments.length], [202, 'PENDING', 2])
    const [, other] = body.deployments
    assert.ok(other)
    assert.equal((await first.api.call('approveDeployment', of(other))).status, 'SUCCESS')
    for (const name of functions) assert.deepEqual((await answerIn(name)).body, { answer: name, rate: '1' })
  })

  it('survive a backend that dies between the last one and the start', async () => {
    const { deploymentId } = await givenWaiting('killed')
    const store = createDeploymentStore(database)
    const stored = await store.findById(deploymentId)
    assert.ok(stored)
    // While it waits it is nobody's to take up, however long that lasts.
    await database.sys.collection<StoredDeployment>('deployments').updateOne({ _id: deploymentId }, { $set: { claimedAt: new Date(0) } })
    assert.equal(await store.claimAbandoned(), undefined)
    // All that a backend has written when it dies there.
    const approved = await createAwaitingStore(database).approve([stored], { userId: first.userId, by: 'first', decision: 'approved', at: clock.now() })
    assert.ok(approved)
    await eventually(async () => assert.equal((await store.findById(deploymentId))?.status, 'SUCCESS'))
    assert.deepEqual(await answerIn('killed'), { status: 200, body: { answer: 'old', rate: '1' } })
  })
})
