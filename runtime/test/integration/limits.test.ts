import { strict as assert } from 'node:assert'
import { get } from 'node:http'
import type { ErrorCode } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { servedForSuite } from '../support/for-suite.ts'

describe('limits', () => {
  const given = servedForSuite()
  const refusalOf = async (response: Response): Promise<{ status: number; code: ErrorCode }> => ({
    status: response.status,
    code: ((await response.json()) as { code: ErrorCode }).code,
  })

  it('ends a call that waits for ever, and its author reads so', async () => {
    await given().publishAndWait('waits', 'export default () => new Promise(() => {})', { limits: { timeoutMs: 150 } })
    const response = await given().fetch('/waits')
    const requestId = response.headers.get('x-request-id')
    assert.deepEqual(await refusalOf(response), { status: 504, code: 'FUNCTION_TIMED_OUT' })
    await eventually(async () => assert.match((await given().database.collection('__logs').findOne({ requestId }))?.message ?? '', /time|longer/))
  })
  it('ends a call that loops for ever', async () => {
    await given().publishAndWait('loops', 'export default () => { for (;;); }', { limits: { timeoutMs: 150 } })
    assert.deepEqual(await refusalOf(await given().fetch('/loops')), { status: 504, code: 'FUNCTION_TIMED_OUT' })
  })
  it('follows a time limit that the environment lowers', async () => {
    await given().acknowledged(await given().configure({ limits: { timeoutMs: 100 } }))
    await given().publishAndWait('slow', 'export default () => new Promise(() => {})', { limits: { timeoutMs: 60_000 } })
    assert.equal((await given().fetch('/slow')).status, 504)
    await given().acknowledged(await given().configure())
  })
  for (const [why, source] of [
    ['a header with a line break', `export default (req, res) => { res.set('x-a', 'a\\r\\nb: c'); return res.send('x') }`],
    ['no answer at all', 'export default () => undefined'],
  ] as const) {
    it(`answers without harm to a function that sends ${why}`, async () => {
      await given().publishAndWait('odd', source)
      const response = await given().fetch('/odd')
      assert.equal(response.headers.get('b'), null)
      assert.ok(response.headers.get('x-request-id'))
      assert.ok([200, 204, 500, 502].includes(response.status), String(response.status))
    })
  }
  it('keeps the framing of the message to itself', async () => {
    await given().publishAndWait(
      'frames',
      `export default (req, res) => { res.set('content-length', '1'); res.set('connection', 'close'); return res.send('whole') }`,
    )
    assert.equal(await (await given().fetch('/frames')).text(), 'whole')
  })

  it('runs no more calls at once than the environment allows, and lets the others wait', async () => {
    await given().acknowledged(await given().configure({ limits: { concurrency: 2 } }))
    await given().publishAndWait(
      'gate',
      `let open = 0, most = 0
      export default async (req, res) => {
        most = Math.max(most, ++open)
        await new Promise((resolve) => setTimeout(resolve, 30))
        open--
        return res.json({ most })
      }`,
    )
    const answers = await Promise.all(Array.from({ length: 8 }, async () => (await given().fetch('/gate')).json() as Promise<{ most: number }>))
    assert.equal(Math.max(...answers.map(({ most }) => most)), 2)
    await given().acknowledged(await given().configure())
  })

  it('turns callers away when too many wait, and takes them again afterwards', async () => {
    await given().acknowledged(await given().configure({ limits: { concurrency: 1 } }))
    await given().publishAndWait('stuck', 'export default () => new Promise(() => {})', { limits: { timeoutMs: 3_000 } })
    const statuses: number[] = []
    const retryAfter = new Set<string | undefined>()
    const requests = Array.from({ length: 1_060 }, () => {
      const request = get(given().url('/stuck'), { agent: false }, (response) => {
        statuses.push(response.statusCode ?? 0)
        retryAfter.add(response.headers['retry-after'])
        response.resume()
      })
      return request.on('error', () => {})
    })
    await eventually(() => assert.ok(statuses.length >= 59, `${statuses.length} were answered.`))
    assert.deepEqual([new Set(statuses), retryAfter], [new Set([503]), new Set(['1'])])
    for (const request of requests) request.destroy()
    await given().publishAndWait('free', `export default (req, res) => res.send('free')`)
    await eventually(async () => assert.equal((await given().fetch('/free')).status, 200))
    await given().acknowledged(await given().configure())
  })
})
