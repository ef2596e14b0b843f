import { strict as assert } from 'node:assert'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { EditedRequest, SentRequest } from '@imprun/contracts/webviews/send-request'
import { RequestStore } from './request-store.ts'

const key = { apiUrl: 'http://localhost:7420', gatewayId: 'hometax', name: 'orders/list' }
const request = (body: string): EditedRequest => ({ method: 'POST', query: '', headers: [], body })
const sent = (body: string): SentRequest => ({ request: request(body), environment: 'dev', status: 200, durationMs: 3, at: '2026-01-01T00:00:00.000Z' })

async function givenStore() {
  const root = await mkdtemp(path.join(tmpdir(), 'imprun-requests-'))
  const kept = new Map<string, unknown>()
  const memory = { get: (name: string) => kept.get(name), update: async (name: string, value: unknown) => void kept.set(name, value) }
  return { root, store: new RequestStore(root, memory), [Symbol.asyncDispose]: () => rm(root, { recursive: true }) }
}

describe('the requests of a function', () => {
  it('are kept under a name in a file beside the function, one of each name', async () => {
    await using given = await givenStore()
    const { store, root } = given
    await store.save(key, { name: 'usual', request: request('1') })
    await store.save(key, { name: 'large', request: request('2') })
    await store.save(key, { name: 'usual', request: request('3') })
    assert.deepEqual(
      (await store.saved(key)).map(({ name, request: { body } }) => [name, body]),
      [
        ['large', '2'],
        ['usual', '3'],
      ],
    )
    const file = path.join(root, 'localhost-7420', 'hometax', '.requests', 'orders/list.json')
    assert.equal(JSON.parse(await readFile(file, 'utf8')).requests.length, 2)
    await store.remove(key, 'large')
    assert.equal((await store.saved(key)).length, 1)
  })

  it('are remembered when they were sent: the last 20, each once, newest first', async () => {
    await using given = await givenStore()
    for (let i = 0; i < 25; i++) await given.store.remember(key, sent(String(i)))
    await given.store.remember(key, sent('10'))
    const bodies = given.store.history(key).map((each) => each.request.body)
    assert.equal(bodies.length, 20)
    assert.deepEqual(bodies.slice(0, 3), ['10', '24', '23'])
    assert.equal((await given.store.last(key))?.body, '10')
  })

  it('are none where a file is not what it should be', async () => {
    await using given = await givenStore()
    assert.deepEqual(await given.store.saved(key), [])
    assert.equal(await given.store.last(key), undefined)
  })
})
