import { strict as assert } from 'node:assert'
import { givenCanaryCounts } from '../../../test/support/given-canary-counts.ts'
import { Environment } from '../environment.ts'
import type { LoadOutcome } from '../supervision/call.ts'
import type { GatewayDocument } from './gateway-reader.ts'
import { ServedEnvironment } from './served-environment.ts'

const functionDocument = (name: string, revision: number, more: { isRemoved?: boolean; withCode?: boolean } = {}): GatewayDocument => ({
  kind: 'function',
  revision,
  environment: 'dev',
  published: {
    environment: 'dev',
    name,
    revision,
    releaseId: 'r',
    version: `1.0.${revision}`,
    limits: {},
    publishedAt: new Date(),
    deploymentId: 'd',
    isRemoved: more.isRemoved ?? false,
  },
  ...(more.withCode === false ? {} : { source: { version: `1.0.${revision}`, revision, code: `code ${revision}`, sourceMap: '' } }),
})

function givenServed({ hasWorker = false } = {}) {
  const environment = new Environment({ gatewayId: 'a', environment: 'dev', fence: 1, hosts: [], gatewayDatabase: '', dataDatabase: '', dataUri: '' })
  const loads: { revision: number; settle: (outcome: LoadOutcome) => Promise<void> }[] = []
  const unloaded: number[] = []
  const configuring: (() => void)[] = []
  const host = {
    load: (_: Environment, _entry: unknown, source: { revision: number }) =>
      new Promise<LoadOutcome>((resolve) =>
        loads.push({
          revision: source.revision,
          settle: async (outcome) => {
            resolve(outcome)
            await new Promise((done) => setImmediate(done))
          },
        }),
      ),
    unload: (_: Environment, index: number) => void unloaded.push(index),
    configure: () => (hasWorker ? new Promise<void>((resolve) => configuring.push(resolve)) : undefined),
    schedule: () => undefined,
    canaryCounts: givenCanaryCounts(),
  }
  const served = new ServedEnvironment(environment, { host, observe: () => {}, onProgress: () => {} })
  return { served, environment, loads, unloaded, configuring, settle: async (at: number, outcome: LoadOutcome) => loads[at]?.settle(outcome) }
}
const loaded: LoadOutcome = { outcome: 'loaded' }
const refused: LoadOutcome = { outcome: 'refused', refusal: { code: 'CODE_THROWS_AT_LOAD', message: 'no', line: 3 } }

describe('a served environment', () => {
  it('acknowledges nothing at or above a version that is still loading', async () => {
    const { served, settle } = givenServed()
    served.confirm(3)
    served.apply(functionDocument('f', 5))
    served.apply(functionDocument('g', 6))
    served.confirm(6)
    assert.equal(served.revision, 4)
    await settle(1, loaded)
    assert.equal(served.revision, 4)
    await settle(0, loaded)
    assert.equal(served.revision, 6)
  })
  it('acknowledges no further than was confirmed, whatever has loaded', async () => {
    const { served, settle } = givenServed()
    served.confirm(4)
    served.apply(functionDocument('f', 6))
    await settle(0, loaded)
    assert.equal(served.revision, 4)
  })
  it('keeps what served when the new version is refused, and says so until a newer one loads', async () => {
    const { served, environment, settle } = givenServed()
    served.apply(functionDocument('f', 1))
    await settle(0, loaded)
    served.apply(functionDocument('f', 2))
    await settle(1, refused)
    assert.deepEqual([environment.functions.get('f')?.revision, environment.functions.get('f')?.source?.code], [1, 'code 1'])
    assert.deepEqual(served.failures, [{ name: 'f', revision: 2, code: 'CODE_THROWS_AT_LOAD', message: 'no', line: 3 }])
    served.apply(functionDocument('f', 3))
    await settle(2, loaded)
    assert.deepEqual(served.failures, [])
    assert.equal(environment.functions.get('f')?.revision, 3)
  })
  it('does nothing when a document is read again', () => {
    const { served, loads } = givenServed()
    for (let i = 0; i < 3; i++) served.apply(functionDocument('f', 1))
    assert.equal(loads.length, 1)
  })
  it('goes on with the version that loaded when the one after it is refused, in whatever order that becomes known', async () => {
    const { served, environment, settle } = givenServed()
    served.apply(functionDocument('f', 1))
    served.apply(functionDocument('f', 2))
    await settle(1, refused)
    await settle(0, loaded)
    assert.equal(environment.functions.get('f')?.revision, 1)
    assert.equal(served.failures[0]?.revision, 2)
  })
  it('does not bring back a function that was removed while it loaded', async () => {
    const { served, environment, settle, unloaded } = givenServed()
    served.apply(functionDocument('f', 1))
    served.apply(functionDocument('f', 2, { isRemoved: true }))
    await settle(0, loaded)
    assert.equal(environment.functions.has('f'), false)
    assert.deepEqual(unloaded, [0])
  })
  it('notes a function without loading it when its code was not read', () => {
    const { served, environment, loads } = givenServed()
    served.apply(functionDocument('f', 1, { withCode: false }))
    assert.equal(loads.length, 0)
    assert.equal(environment.functions.get('f')?.source, undefined)
  })
  it('acknowledges variables when the worker goes by them, and at once where there is none', async () => {
    const variables = (revision: number, value: string): GatewayDocument => ({
      kind: 'variables',
      revision,
      environment: 'dev',
      stored: { environment: 'dev', revision, variables: { A: { value } } },
    })
    const { served, environment, configuring } = givenServed({ hasWorker: true })
    served.apply(variables(2, 'new'))
    served.apply(variables(1, 'old'))
    served.confirm(3)
    assert.deepEqual([environment.variables, served.revision, configuring.length], [{ A: { value: 'new' } }, 1, 1])
    configuring[0]?.()
    await new Promise((done) => setImmediate(done))
    assert.equal(served.revision, 3)
    const other = givenServed()
    other.served.apply(variables(2, 'new'))
    other.served.confirm(2)
    assert.equal(other.served.revision, 2)
  })
  it('takes settings and keys at once, and no older ones', () => {
    const { served, environment } = givenServed()
    const settings = (revision: number, authType: 'none' | 'key-auth'): GatewayDocument => ({
      kind: 'settings',
      revision,
      environment: 'dev',
      settings: { environment: 'dev', revision, authType, limits: environment.limits, egress: environment.egress, isDatabaseFull: false },
    })
    assert.equal(environment.authType, 'key-auth')
    served.apply(settings(2, 'none'))
    served.apply(settings(1, 'key-auth'))
    assert.equal(environment.authType, 'none')
  })
})
