import { strict as assert } from 'node:assert'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished, taxAtRate22, taxCode } from '../support/given-gateway.ts'

describe('saving a function', () => {
  let backend: GivenBackend
  const gatewayId = 'saving'
  const functionId = 'calculateTax'
  const params = { gatewayId, functionId }
  const dev = { gatewayId, environment: 'dev', name: functionId } as const
  before(async () => {
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, functionId, taxCode(0.22))
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const currentRevision = async () => (await backend.api.call('getFunction', { params })).revision
  const save = async (code: string) =>
    backend.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code, baseRevision: await currentRevision() } })

  it('is served by the edge when it is answered, with the time it took', async () => {
    const { deployment } = await save(taxCode(0.3))

    assert.equal(deployment?.status, 'SUCCESS')
    assert.ok(deployment.liveMs !== undefined && deployment.liveMs > 0)
    assert.deepEqual(await callFunction(backend, dev), { status: 200, body: { tax: 12_000_000 } })
  })

  it('that does not compile is kept, marked at its line, and leaves the old version serving', async () => {
    await save(taxCode(0.22))
    const broken = 'export default async function calculateTax(req, res) {\n  return res.json({ tax: 1 + })\n}\n'

    const saved = await save(broken)

    assert.equal(saved.refusal?.code, 'CODE_NOT_COMPILING')
    assert.equal(saved.refusal.errors[0]?.line, 2)
    assert.equal((await backend.api.call('getFunction', { params })).code, broken)
    assert.deepEqual(await callFunction(backend, dev), { status: 200, body: { tax: taxAtRate22 } })
  })

  it('that throws while it loads is taken back, and the old version goes on', async () => {
    await save(taxCode(0.22))

    const saved = await save(`const rates = undefined\nconst rate = rates.standard\n${taxCode(0.5)}`)

    assert.equal(saved.deployment?.status, 'ROLLED_BACK')
    assert.equal(saved.deployment.error?.code, 'CODE_THROWS_AT_LOAD')
    assert.equal(saved.deployment.error?.errors?.[0]?.line, 2)
    assert.deepEqual(await callFunction(backend, dev), { status: 200, body: { tax: taxAtRate22 } })
  })

  it('on a stale revision is refused with both authors, and nothing is lost', async () => {
    const baseRevision = await currentRevision()
    await save(taxCode(0.25))

    const problem = await backend.api.refusal('saveFunction', { params, query: { publish: 'dev' }, body: { code: taxCode(0.99), baseRevision } })

    assert.equal(problem.code, 'REVISION_STALE')
    assert.ok(problem.facts?.theirs)
    assert.equal((await backend.api.call('getFunction', { params })).code, taxCode(0.25))
  })

  it('loses no request while versions change', async () => {
    await save(taxCode(0.22))
    const seen = new Set<number>()
    let isDone = false
    const caller = async () => {
      while (!isDone) {
        const { status, body } = await callFunction(backend, dev)
        assert.equal(status, 200, JSON.stringify(body))
        seen.add((body as { tax: number }).tax)
      }
    }
    const callers = [caller(), caller(), caller()]
    for (let rate = 1; rate <= 10; rate++) {
      await save(taxCode(rate))
      const { body } = await callFunction(backend, dev)
      assert.deepEqual(body, { tax: 40_000_000 * rate }, 'after the answer no older version is served')
    }
    isDone = true
    await Promise.all(callers)
    assert.ok(seen.size > 1, 'the callers saw versions change')
  })
})
