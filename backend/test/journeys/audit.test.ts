import { strict as assert } from 'node:assert'
import { type RouteDefinition, type RouteName, routes } from '@imprun/contracts'
import type { AuditRecord } from '../../src/audit/audit-store.ts'
import type { Api } from '../support/api.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { answering, inSteps } from '../support/given-canary.ts'
import { givenGateway, givenPublished } from '../support/given-gateway.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { givenMember } from '../support/given-people.ts'

const isMutating = (name: RouteName) => (routes[name] as RouteDefinition).method !== 'GET'
const gatewayId = 'watched'
const ofGateway = { gatewayId }
const ofFunction = { gatewayId, functionId: 'answer' }
const of = (environment: 'dev' | 'staging') => ({ gatewayId, environment })

type Done = Pick<AuditRecord, 'route' | 'actor' | 'status' | 'requestId'>

/** The same API, which writes down every change that was carried out. @param others who other tokens belong to */
function writingDown(api: Api, done: Done[], actor: string, others = actor): Api {
  return {
    ...api,
    async call(name, ...asked) {
      const { status, headers, body } = await api.ask(name, ...asked)
      if (isMutating(name)) done.push({ route: name, actor, status, requestId: headers.get('x-request-id') ?? '' })
      return body
    },
    withToken: (token) => writingDown(api.withToken(token), done, others),
  }
}

describe('the audit log of a gateway from its creation to its deletion', function () {
  this.timeout(90_000)
  let mongo: GivenMongo
  let backend: GivenBackend
  let api: Api
  const done: Done[] = []
  before(async () => {
    mongo = await givenMongo()
    backend = await givenBackend()
    api = writingDown(backend.api, done, 'ada', 'grace')
  })
  after(async () => {
    await backend?.[Symbol.asyncDispose]()
    await mongo?.[Symbol.asyncDispose]()
  })

  const save = (value: number, query: { publish?: 'dev' } = {}) => api.call('saveFunction', { params: ofFunction, query, body: { code: answering(value) } })
  const promote = () => api.call('promoteFunction', { params: ofFunction, body: { from: 'dev', to: 'staging' } })
  const protect = (approvals: number) => api.call('patchEnvironment', { params: of('staging'), body: { protection: { approvals } } })

  async function settleGateway(): Promise<void> {
    await api.call('patchGateway', { params: ofGateway, body: { name: 'Home tax' } })
    await api.call('retryGateway', { params: ofGateway })
    await api.call('retryEnvironment', { params: of('dev') })
    await api.call('acknowledgeDrift', { params: of('dev') })
    await api.call('putPackages', { params: ofGateway, body: { dependencies: {} } })
    for (const RATE of ['1', '2']) await api.call('patchEnvironment', { params: of('dev'), body: { variables: { RATE } } })
    await api.call('revertVariables', { params: of('dev'), body: { version: 1 } })
  }

  async function deploy(): Promise<void> {
    await givenPublished({ api }, gatewayId, 'answer', answering(1))
    await save(2, { publish: 'dev' })
    await promote()
    await api.call('rollbackFunction', { params: ofFunction, body: { environment: 'dev', reason: 'It is wrong' } })
    await api.call('releaseHold', { params: of('dev'), body: { reason: 'It was right' } })
    await api.call('runFunction', { params: ofFunction, body: { code: answering(3) } })
    await api.call('promoteEnvironment', { params: of('staging'), body: { from: 'dev' } })
    await api.call('deployToStage', { params: { gatewayId, functionId: 'staging/answer' }, body: { targetStage: 'prod' } })
  }

  async function deployGradually(): Promise<void> {
    const begin = async (value: number) => {
      await save(value)
      const { deploymentId } = await api.call('publishFunction', { params: ofFunction, body: { environment: 'dev', ...inSteps([50, 600]) } })
      return { gatewayId, deploymentId }
    }
    await api.call('promoteCanary', { params: await begin(4) })
    await api.call('abortCanary', { params: await begin(5), body: { reason: 'It is slow' } })
  }

  async function decide(approver: Api): Promise<void> {
    await protect(1)
    const wait = async () => ({ params: { gatewayId, deploymentId: (await promote()).deploymentId } })
    await approver.call('rejectDeployment', { ...(await wait()), body: { reason: 'Not today' } })
    await api.call('cancelDeployment', { ...(await wait()), body: {} })
    await approver.call('approveDeployment', { ...(await wait()), body: {} })
    await protect(0)
  }

  async function letOthersIn(): Promise<void> {
    const { applicationId } = await api.call('createApplication', { body: { name: 'Shop' } })
    const { grantId } = await api.call('createGrant', { body: { applicationId, gatewayId, environment: 'dev' } })
    await api.call('revokeGrant', { params: { grantId } })
    await api.call('deleteApplication', { params: { applicationId } })
    const offered = { gatewayId, environment: 'dev' as const, name: 'answer' }
    const { toolId } = await api.call('createTool', { body: { name: 'answer', description: 'Answers.', function: offered } })
    await api.call('deleteTool', { params: { toolId } })
    const target = { kind: 'webhook' as const, url: 'http://127.0.0.1:9/' }
    const { notifierId } = await api.call('createNotifier', { params: ofGateway, body: { name: 'CI', target } })
    const params = { gatewayId, notifierId }
    await api.call('patchNotifier', { params, body: { isPaused: true } })
    await api.call('testNotifier', { params })
    await api.call('deleteNotifier', { params })
  }

  async function settleInstallation(): Promise<void> {
    const settings = { runtimes: 0 }
    await api.call('createRegion', { body: { regionId: 'seoul', name: 'Seoul', baseDomain: 'seoul.localhost', settings } })
    await api.call('patchRegion', { params: { regionId: 'seoul' }, body: { name: '서울' } })
    await api.call('deleteRegion', { params: { regionId: 'seoul' } })
    const { tokenId } = await api.call('createAccessToken', { body: { name: 'laptop' } })
    await api.call('revokeAccessToken', { params: { tokenId } })
  }

  it('has one record of every change that was carried out, by each of the routes that make one', async () => {
    await givenGateway({ api }, gatewayId)
    const grace = await givenMember({ api }, gatewayId, 'grace', 'approver')
    await settleGateway()
    await deploy()
    await deployGradually()
    await decide(grace.api)
    await letOthersIn()
    await settleInstallation()
    await api.call('deleteMember', { params: { gatewayId, userId: grace.userId } })
    await api.call('deleteFunction', { params: ofFunction })
    await api.call('deleteGateway', { params: ofGateway })

    assert.deepEqual([...new Set(done.map(({ route }) => route))].toSorted(), (Object.keys(routes) as RouteName[]).filter(isMutating).toSorted())
    const found = await mongo.database.sys
      .collection<AuditRecord>('auditLog')
      .find({ actor: { $ne: 'imprun' } })
      .sort({ _id: 1 })
      .toArray()
    assert.deepEqual(
      found.map(({ route, actor, status, requestId }) => ({ route, actor, status, requestId })),
      done,
    )
    for (const { route, userId, tokenId, ip, code, at } of found) {
      assert.ok(userId && tokenId && at instanceof Date && code === undefined, route)
      assert.match(ip, /127\.0\.0\.1/, route)
    }
  })

  it('tells from what to what', async () => {
    const { items } = await backend.api.call('listAudit', { query: { limit: 100 } })
    const firstOf = (route: RouteName) => items.findLast((record) => record.route === route)?.facts ?? {}
    const { fromRevision, toRevision, version, result } = firstOf('saveFunction')
    assert.deepEqual([fromRevision, toRevision, version, result], [1, 2, '1.0.1', 'SUCCESS'])
    const promoted = firstOf('promoteFunction')
    assert.deepEqual([promoted.from, promoted.to, promoted.version, promoted.result], ['dev', 'staging', '1.0.1', 'SUCCESS'])
    const back = firstOf('rollbackFunction')
    assert.deepEqual([back.environment, back.version, back.reason, back.result], ['dev', '1.0.0', 'It is wrong', 'SUCCESS'])
  })
})
