import { strict as assert } from 'node:assert'
import { fromUriParts, type ReadOnlyText, toUriParts } from './imprun-uri.ts'

describe('addresses of read-only texts', () => {
  const texts: ReadOnlyText[] = [
    { kind: 'release', gatewayId: 'hometax', name: 'orders/list', environment: 'prod', functionId: 'f1', releaseId: 'r1', version: '1.0.2' },
    { kind: 'release', gatewayId: 'hometax', name: 'list', environment: 'dev', functionId: 'f1', releaseId: 'r1', version: '1.0.2', file: '_lib/rate.ts' },
    { kind: 'saved', gatewayId: 'hometax', name: 'calculateTax', functionId: 'f1', revision: 12 },
    { kind: 'nothing', gatewayId: 'hometax', name: 'calculateTax', environment: 'staging' },
  ]
  for (const text of texts) it(`come back whole for ${text.kind} ${toUriParts(text).path}`, () => assert.deepEqual(fromUriParts(toUriParts(text)), text))

  it('name the version where a tab shows it', () => {
    assert.equal(toUriParts(texts[0] as ReadOnlyText).path, '/hometax/prod/orders/list@1.0.2.ts')
    assert.equal(toUriParts(texts[1] as ReadOnlyText).path, '/hometax/dev/_lib/rate@1.0.2.ts')
  })

  it('are refused when they name no environment or no release', () => {
    assert.equal(fromUriParts({ path: '/hometax/moon/f.ts', query: 'kind=release&releaseId=r' }), undefined)
    assert.equal(fromUriParts({ path: '/hometax/prod/f.ts', query: '' }), undefined)
  })
})
