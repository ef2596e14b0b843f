import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { givenApi } from '../support/given-api.ts'
import { givenBackend } from '../support/given-backend.ts'
import { givenGateway, givenPublished } from '../support/given-gateway.ts'

describe('journey: a quota is reached', () => {
  it('of gateways and functions: the next one is refused with the number and the remedy, and nothing is made', async () => {
    await using given = await givenApi({ env: { IMPRUN_QUOTA_GATEWAYS: '1', IMPRUN_QUOTA_FUNCTIONS: '1' } })
    const { api } = given
    await api.call('createGateway', { body: { name: 'One', gatewayId: 'one-gateway' } })
    const gateway = await api.refusal('createGateway', { body: { name: 'Two', gatewayId: 'two-gateway' } })
    assert.equal(gateway.code, 'QUOTA_EXCEEDED')
    assert.match(gateway.detail, /You have 1 gateways.*Delete one/)
    assert.equal((await api.call('listGateways')).items.length, 1)

    const params = { gatewayId: 'one-gateway' }
    await api.call('createFunction', { params, body: { name: 'first', code: 'export default () => 1' } })
    const second = await api.refusal('createFunction', { params, body: { name: 'second', code: 'export default () => 1' } })
    assert.equal(second.code, 'QUOTA_EXCEEDED')
    assert.deepEqual(second.facts, { quota: 'functions', max: 1 })

    await api.call('deleteFunction', { params: { ...params, functionId: 'first' } })
    await api.call('createFunction', { params, body: { name: 'second', code: 'export default () => 1' } })
    await api.call('deleteGateway', { params })
    await eventually(() => api.call('createGateway', { body: { name: 'Two', gatewayId: 'two-gateway' } }))
  })

  it('of data: functions read and delete but write no more, until enough is deleted', async () => {
    await using given = await givenBackend({ env: { IMPRUN_QUOTA_DATA_MB: '1' } })
    const gatewayId = 'data-quota'
    await givenGateway(given, gatewayId)
    await givenPublished(
      given,
      gatewayId,
      'pages',
      `export default async (req: any, res: any) => {
        const pages = imp.db().collection('pages')
        if (req.method === 'DELETE') return res.json(await pages.deleteMany({}))
        if (req.method === 'GET') return res.json({ count: await pages.countDocuments() })
        try {
          await pages.insertOne({ text: 'x'.repeat(512 * 1024) })
          return res.json({ isWritten: true })
        } catch (error: any) { return res.json({ code: error.code, message: error.message }) }
      }`,
    )
    const call = (method: string) => fetch(`${given.connection.edgeUrl}/${gatewayId}/dev/pages`, { method })
    const write = async () => (await call('POST')).json() as Promise<{ isWritten?: true; code?: string; message?: string }>
    for (let written = 0; written < 3; written++) assert.deepEqual(await write(), { isWritten: true })

    const refused = await eventually(async () => {
      const answer = await write()
      assert.equal(answer.code, 'DATA_QUOTA_EXCEEDED')
      return answer
    }, 30_000)
    assert.match(refused.message ?? '', /insertOne was refused.*quota/)
    assert.ok(((await (await call('GET')).json()) as { count: number }).count >= 3)

    assert.equal((await call('DELETE')).status, 200)
    await eventually(async () => assert.deepEqual(await write(), { isWritten: true }), 30_000)
  }).timeout(60_000)
})
