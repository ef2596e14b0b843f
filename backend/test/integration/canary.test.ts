import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import type { GivenCallers } from '../support/given-callers.ts'
import { answering, bodyOf, failing, givenCanary, inSteps } from '../support/given-canary.ts'
import { givenGateway } from '../support/given-gateway.ts'

const gatewayId = 'canaries'
/** Whose answers come from the candidate. */
const callersOf = ({ answers }: GivenCallers, value: number, since = 0): Set<number> =>
  new Set(answers.slice(since).flatMap(({ caller, body }) => (body === bodyOf(value) ? [caller] : [])))

describe('a canary', function () {
  this.timeout(60_000)
  let backend: GivenBackend
  before(async () => {
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
  })
  after(() => backend?.[Symbol.asyncDispose]())
  const abort = (deploymentId: string) => backend.api.call('abortCanary', { params: { gatewayId, deploymentId }, body: { reason: 'not today' } })

  it('goes step by step to all callers, who stay with the candidate once they have it', async () => {
    const given = await givenCanary(backend, gatewayId, 'steps')
    const callers = given.callers()
    const { status, body } = await given.publish(answering(2), inSteps([30, 2], [70, 2]))
    assert.deepEqual([status, body.status, body.canary?.percent, body.canary?.step], [202, 'IN_PROGRESS', 30, 1])

    await given.until(body.deploymentId, ({ canary }) => assert.equal(canary?.step, 2))
    const early = callersOf(callers, 2)
    const ended = await given.ended(body.deploymentId)
    await eventually(() => assert.equal(callers.answers.at(-1)?.body, bodyOf(2)))
    await callers.stop()

    assert.deepEqual([ended.status, ended.canary?.percent], ['SUCCESS', 100])
    assert.ok((ended.liveMs ?? 0) >= 4_000)
    assert.deepEqual(new Set(callers.answers.map((answer) => answer.status)), new Set([200]))
    assert.deepEqual(callers.errors, [])
    assert.ok(early.size > 0 && early.size < 40, `${early.size} of 40 callers had the candidate at 30 %.`)
    for (const caller of early) {
      const theirs = callers.answers.filter((answer) => answer.caller === caller).map((answer) => answer.body)
      assert.deepEqual(new Set(theirs.slice(theirs.indexOf(bodyOf(2)))), new Set([bodyOf(2)]), `Caller ${caller} fell back.`)
    }
  })

  it('goes back by itself when the candidate fails, and tells the figures', async () => {
    const given = await givenCanary(backend, gatewayId, 'breaks')
    const callers = given.callers()
    const { body } = await given.publish(failing(2), inSteps([50, 60]))
    const ended = await given.ended(body.deploymentId)
    const goneAt = callers.answers.length
    await eventually(() => assert.ok(callers.answers.length > goneAt + 40))
    await callers.stop()

    assert.deepEqual([ended.status, ended.error?.code], ['ROLLED_BACK', 'CANARY_FAILED'])
    assert.deepEqual(await given.auditedReturns(body.deploymentId), [['imprun', '1.0.1', '1.0.0', 'CANARY_FAILED']])
    assert.match(ended.error?.detail ?? '', /step 1 of 1, at 50 %, \d+ of \d+ requests failed \(100 %\)/)
    assert.deepEqual(callersOf(callers, 2, goneAt + 40), new Set())
    assert.deepEqual(
      callers.answers.filter(({ status, body: text }) => status !== 200 && text !== bodyOf(2)),
      [],
      'only the candidate itself fails',
    )
    const { served } = await backend.api.call('getFunction', { params: { gatewayId, functionId: 'breaks' } })
    assert.equal(served[0]?.version, '1.0.0')
  })

  it('holds while there are too few requests, until a person promotes it', async () => {
    const given = await givenCanary(backend, gatewayId, 'quiet')
    const { body } = await given.publish(failing(2), inSteps([100, 1]))
    const callers = given.callers({ count: 3, rounds: 1 })
    const waiting = await given.until(body.deploymentId, ({ canary }) => assert.equal(canary?.window.candidate.calls, 3))
    await callers.stop()

    assert.deepEqual([waiting.status, waiting.canary?.verdict, waiting.canary?.window.candidate.failed], ['IN_PROGRESS', 'insufficient', 3])
    const promoted = await backend.api.call('promoteCanary', { params: { gatewayId, deploymentId: body.deploymentId } })
    assert.deepEqual([promoted.status, promoted.version], ['SUCCESS', '1.0.1'])
  })

  it('goes back when a person aborts it, and takes no second word', async () => {
    const given = await givenCanary(backend, gatewayId, 'aborted')
    const { body } = await given.publish(answering(2), inSteps([10, 600]))
    const aborted = await abort(body.deploymentId)

    assert.deepEqual([aborted.status, aborted.error?.code], ['ROLLED_BACK', 'CANARY_ABORTED'])
    assert.match(aborted.error?.detail ?? '', /Aborted by .*: not today/)
    assert.deepEqual(await given.auditedReturns(body.deploymentId), [], 'the call that aborted it is recorded')
    const params = { gatewayId, deploymentId: body.deploymentId }
    assert.equal((await backend.api.refusal('promoteCanary', { params })).code, 'CANARY_NOT_RUNNING')
    assert.equal(
      (await backend.api.refusal('abortCanary', { params: { ...params, deploymentId: 'other' }, body: { reason: 'x' } })).code,
      'DEPLOYMENT_NOT_FOUND',
    )
  })

  it('lets a service token abort it, and not promote it', async () => {
    const given = await givenCanary(backend, gatewayId, 'automated')
    const { token } = await backend.api.call('createAccessToken', { body: { name: 'pipeline', kind: 'service' } })
    const service = backend.api.withToken(token)
    const { body } = await given.publish(answering(2), inSteps([10, 600]))
    const params = { gatewayId, deploymentId: body.deploymentId }

    assert.equal((await service.refusal('promoteCanary', { params })).code, 'FORBIDDEN')
    assert.equal((await service.call('abortCanary', { params, body: { reason: 'alarm' } })).status, 'ROLLED_BACK')
  })

  it('gives way to a newer deployment', async () => {
    const given = await givenCanary(backend, gatewayId, 'overtaken')
    const { body } = await given.publish(answering(2), inSteps([50, 600]))
    const { body: newer } = await given.publish(answering(3))
    const ended = await given.ended(body.deploymentId)

    assert.equal(newer.status, 'SUCCESS')
    assert.deepEqual([ended.status, ended.supersededBy], ['ROLLED_BACK', newer.deploymentId])
    const { served } = await backend.api.call('getFunction', { params: { gatewayId, functionId: 'overtaken' } })
    assert.equal(served[0]?.deploymentId, newer.deploymentId)
  })

  it('is what a rollback takes away, and not what is served beside it', async () => {
    const given = await givenCanary(backend, gatewayId, 'rolled-back')
    await given.publish(answering(2))
    const { body } = await given.publish(answering(3), inSteps([50, 600]))
    const params = { gatewayId, functionId: 'rolled-back' }
    const back = await backend.api.call('rollbackFunction', { params, body: { environment: 'dev', reason: 'totals look odd' } })
    await backend.api.call('releaseHold', { params: { gatewayId, environment: 'dev' }, body: { reason: 'test' } })

    assert.deepEqual([back.status, back.version], ['SUCCESS', '1.0.1'])
    assert.equal((await given.ended(body.deploymentId)).supersededBy, back.deploymentId)
  })

  it('lets no caller meet a candidate that can not load', async () => {
    const given = await givenCanary(backend, gatewayId, 'unloadable')
    const callers = given.callers({ count: 10, everyMs: 20 })
    await backend.api.call('saveFunction', { params: { gatewayId, functionId: 'unloadable' }, body: { code: `throw new Error('no')\n${answering(2)}` } })
    const problem = await backend.api.refusal('publishFunction', {
      params: { gatewayId, functionId: 'unloadable' },
      body: { environment: 'dev', ...inSteps([100, 60]) },
    })
    await callers.stop()

    assert.equal(problem.code, 'CODE_THROWS_AT_LOAD')
    assert.deepEqual(new Set(callers.answers.map(({ body: text }) => text)), new Set([bodyOf(1)]))
  })

  it('is refused where there is nothing to compare with, and for what has no callers', async () => {
    await backend.api.call('createFunction', { params: { gatewayId }, body: { name: 'first', code: answering(1) } })
    const first = { params: { gatewayId, functionId: 'first' }, body: { environment: 'dev' as const, ...inSteps([10, 60]) } }
    assert.equal((await backend.api.refusal('publishFunction', first)).code, 'CANARY_WITHOUT_BASELINE')
    await backend.api.call('createFunction', { params: { gatewayId }, body: { name: 'in/_middleware', code: 'export default (req, res, next) => next()' } })
    const before = { params: { gatewayId, functionId: 'in/_middleware' }, body: { environment: 'dev' as const, ...inSteps([10, 60]) } }
    assert.equal((await backend.api.refusal('publishFunction', before)).code, 'CANARY_NOT_POSSIBLE')
    const both = { ...first, body: { ...first.body, healthCheck: { seconds: 10 } } }
    assert.equal((await backend.api.refusal('publishFunction', both)).code, 'INPUT_INVALID')
    // Without it they go.
    for (const { params } of [first, before])
      assert.equal((await backend.api.call('publishFunction', { params, body: { environment: 'dev' } })).status, 'SUCCESS')
  })

  it('never stops a fix of what fails already', async () => {
    const given = await givenCanary(backend, gatewayId, 'mended', failing(1))
    const callers = given.callers()
    const { body } = await given.publish(`let count = 0\nexport default (req, res) => res.status(count++ % 2 ? 200 : 500).json({ value: 2 })`, inSteps([50, 2]))
    const ended = await given.ended(body.deploymentId)
    await callers.stop()
    assert.equal(ended.status, 'SUCCESS')
  })
})
