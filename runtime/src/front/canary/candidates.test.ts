import { strict as assert } from 'node:assert'
import type { PublishedCandidate } from '@imprun/contracts'
import { givenCanaryCounts } from '../../../test/support/given-canary-counts.ts'
import { Environment } from '../environment.ts'
import type { GatewayDocument } from '../functions/gateway-reader.ts'
import { ServedEnvironment } from '../functions/served-environment.ts'
import type { LoadOutcome } from '../supervision/call.ts'

const candidate = (revision: number, percent: number): PublishedCandidate => ({
  revision,
  deploymentId: `d${revision}`,
  percent,
  releaseId: `r${revision}`,
  version: `1.0.${revision}`,
  code: `code ${revision}`,
  sourceMap: '',
  limits: {},
})
/** The function as it was published at revision 1, with what stands beside it since. */
const published = (revision: number, beside?: PublishedCandidate): GatewayDocument => ({
  kind: 'function',
  revision,
  environment: 'dev',
  published: {
    environment: 'dev',
    name: 'f',
    revision,
    codeRevision: 1,
    releaseId: 'r1',
    version: '1.0.1',
    limits: {},
    publishedAt: new Date(),
    deploymentId: 'd1',
    isRemoved: false,
    ...(beside ? { candidate: beside } : {}),
  },
  source: { version: '1.0.1', revision: 1, code: 'code 1', sourceMap: '' },
})
const loaded: LoadOutcome = { outcome: 'loaded' }
const refused: LoadOutcome = { outcome: 'refused', refusal: { code: 'CODE_THROWS_AT_LOAD', message: 'no' } }

async function givenServed() {
  const environment = new Environment({ gatewayId: 'a', environment: 'dev', fence: 1, hosts: [], gatewayDatabase: '', dataDatabase: '', dataUri: '' })
  const settling: ((outcome: LoadOutcome) => void)[] = []
  const loads: number[] = []
  const unloaded: number[] = []
  const canaryCounts = givenCanaryCounts()
  const host = {
    load: (_: Environment, _entry: unknown, { revision }: { revision: number }) => {
      loads.push(revision)
      return new Promise<LoadOutcome>((resolve) => settling.push(resolve))
    },
    unload: (_: Environment, index: number) => void unloaded.push(index),
    configure: () => undefined,
    schedule: () => {},
    canaryCounts,
  }
  const served = new ServedEnvironment(environment, { host, observe: () => {}, onProgress: () => {} })
  const settle = async (outcome: LoadOutcome) => {
    settling.shift()?.(outcome)
    await new Promise((resolve) => setImmediate(resolve))
  }
  served.apply(published(1))
  await settle(loaded)
  served.confirm(100)
  const canary = () => environment.functions.get('f')?.canary
  return { served, environment, loads, unloaded, canaryCounts, settle, canary }
}

describe('candidates', () => {
  it('get no caller and are not acknowledged before they are loaded, beside what serves', async () => {
    const { served, loads, settle, canary, environment } = await givenServed()
    served.apply(published(5, candidate(5, 0)))
    assert.deepEqual([canary(), served.revision, loads], [undefined, 4, [1, 5]])
    await settle(loaded)
    assert.deepEqual([canary()?.percent, canary()?.entry.version, served.revision], [0, '1.0.5', 100])
    assert.equal(environment.functions.get('f')?.version, '1.0.1')
    assert.notEqual(canary()?.entry.index, environment.functions.get('f')?.index)
    assert.equal(environment.nameOf(canary()?.entry.index ?? -1), 'f', 'its lines in the log are those of the function')
  })

  it('get more callers without anything being loaded', async () => {
    const { served, loads, settle, canary } = await givenServed()
    served.apply(published(5, candidate(5, 10)))
    await settle(loaded)
    served.apply(published(6, candidate(5, 50)))
    assert.deepEqual([canary()?.percent, loads, served.revision], [50, [1, 5], 100])
  })

  it('that were raised while they were loading come with the new percentage', async () => {
    const { served, settle, canary } = await givenServed()
    served.apply(published(5, candidate(5, 0)))
    served.apply(published(6, candidate(5, 10)))
    await settle(loaded)
    await settle(loaded)
    assert.deepEqual([canary()?.percent, served.revision], [10, 100])
  })

  it('that are refused leave no trace but the failure, which ends with them', async () => {
    const { served, settle, canary } = await givenServed()
    served.apply(published(5, candidate(5, 0)))
    await settle(refused)
    assert.deepEqual([canary(), served.failures.map(({ revision }) => revision)], [undefined, [5]])
    served.apply(published(6))
    assert.deepEqual(served.failures, [])
  })

  it('leave when they are taken away, also while they are loading', async () => {
    const { served, unloaded, settle, canary, canaryCounts, environment } = await givenServed()
    served.apply(published(5, candidate(5, 10)))
    await settle(loaded)
    const index = canary()?.entry.index
    served.apply(published(6))
    assert.deepEqual([canary(), environment.functions.get('f')?.tally, unloaded, canaryCounts.ended], [undefined, undefined, [index], ['d5']])
    served.apply(published(7, candidate(7, 10)))
    served.apply(published(8))
    await settle(loaded)
    assert.deepEqual([canary(), unloaded], [undefined, [index, index]])
  })

  it('make way for the next candidate', async () => {
    const { served, settle, canary, canaryCounts } = await givenServed()
    served.apply(published(5, candidate(5, 10)))
    await settle(loaded)
    served.apply(published(6, candidate(6, 10)))
    await settle(loaded)
    assert.deepEqual([canary()?.entry.version, canaryCounts.ended], ['1.0.6', ['d5']])
  })

  it('leave with their function', async () => {
    const { served, settle, environment, canaryCounts } = await givenServed()
    served.apply(published(5, candidate(5, 10)))
    await settle(loaded)
    const document = published(6)
    assert.ok(document.kind === 'function')
    served.apply({ ...document, published: { ...document.published, isRemoved: true } })
    assert.deepEqual([environment.functions.size, canaryCounts.ended], [0, ['d5']])
  })
})
