import { strict as assert } from 'node:assert'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenGateway, givenPublished } from '../support/given-gateway.ts'

const answering = (value: number): string => `export default () => ({ value: ${value} })\n`

describe('releases', function () {
  this.timeout(60_000)
  let backend: GivenBackend
  const params = { gatewayId: 'releasing', functionId: 'answer' }
  before(async () => {
    backend = await givenBackend()
    await givenGateway(backend, 'releasing')
    await givenPublished(backend, 'releasing', 'answer', answering(1))
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const save = (code: string) => backend.api.call('saveFunction', { params, body: { code } })
  const publish = (wish: { bump?: 'patch' | 'minor' | 'major'; notes?: string } = {}) =>
    backend.api.call('publishFunction', { params, body: { environment: 'dev', ...wish } })

  it('rise by patch, minor or major as their author wants, and keep the rest of the rules of semver', async () => {
    const versions: string[] = []
    for (const [value, bump] of [
      [2, 'minor'],
      [3, 'patch'],
      [4, 'major'],
      [5, undefined],
    ] as const) {
      await save(answering(value))
      versions.push((await publish(bump ? { bump } : {})).version)
    }
    assert.deepEqual(versions, ['1.1.0', '1.1.1', '2.0.0', '2.0.1'])
  })

  it('are made again of the same code only when a version or notes are asked for', async () => {
    const { version } = await publish()
    assert.equal((await publish()).version, version)
    assert.equal((await publish({ bump: 'minor' })).version, '2.1.0')
    assert.equal((await publish({ notes: 'Faster.' })).version, '2.1.1')
    const { items } = await backend.api.call('listReleases', { params })
    assert.deepEqual([items[0]?.notes, items[1]?.notes], ['Faster.', undefined])
  })

  it('tell what changed from one to another, in the function and in what it imports', async () => {
    await backend.api.call('createFunction', { params: { gatewayId: 'releasing' }, body: { name: '_lib/rate', code: 'export const rate = 0.2\n' } })
    await save("import { rate } from './_lib/rate'\nexport default () => ({ value: rate })\n")
    const from = await publish()
    await backend.api.call('saveFunction', { params: { ...params, functionId: '_lib/rate' }, body: { code: 'export const rate = 0.3\n' } })
    const to = await publish()

    const compared = await backend.api.call('compareReleases', { params: { ...params, releaseId: to.releaseId }, query: { from: from.releaseId } })
    assert.deepEqual([compared.from.version, compared.to.version], [from.version, to.version])
    assert.deepEqual(
      compared.files.map(({ file, change }) => [file, change]),
      [['_lib/rate.ts', 'changed']],
    )
    assert.match(compared.files[0]?.patch ?? '', /-export const rate = 0\.2\n\+export const rate = 0\.3/)

    const first = (await backend.api.call('listReleases', { params })).items.at(-1)
    const all = await backend.api.call('compareReleases', { params: { ...params, releaseId: to.releaseId }, query: { from: first?.releaseId ?? '' } })
    assert.deepEqual(new Set(all.files.map(({ file, change }) => `${file} ${change}`)), new Set(['answer.ts changed', '_lib/rate.ts added']))
  })

  it('of another function are not compared', async () => {
    await givenPublished(backend, 'releasing', 'other', answering(1))
    const other = (await backend.api.call('listReleases', { params: { ...params, functionId: 'other' } })).items[0]
    const mine = (await backend.api.call('listReleases', { params })).items[0]
    const ask = { params: { ...params, releaseId: mine?.releaseId ?? '' }, query: { from: other?.releaseId ?? '' } }
    assert.equal((await backend.api.refusal('compareReleases', ask)).code, 'RELEASE_NOT_FOUND')
  })
})
