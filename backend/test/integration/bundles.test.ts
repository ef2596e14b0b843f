import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenPublished } from '../support/given-gateway.ts'

/** Keeps so many MiB until it answers. */
const keep = `export default (req) => {
  const kept = []
  for (let mebibytes = 0; mebibytes < req.body.mebibytes; mebibytes++) kept.push(new Array(128 * 1024).fill(mebibytes))
  return { kept: kept.length }
}`

async function givenBundled(backend: GivenBackend, gatewayId: string, memory: string) {
  await backend.api.call('createGateway', { body: { name: gatewayId, gatewayId, bundle: { memory } } })
  await eventually(async () => assert.equal((await backend.api.call('getGateway', { params: { gatewayId } })).phase, 'Started'))
  await givenPublished(backend, gatewayId, 'keep', keep)
}

describe('bundles', function () {
  this.timeout(60_000)

  it('stop a function that takes more memory than its own, leave the neighbour alone, and are changed without a failed request', async () => {
    await using backend = await givenBackend()
    await givenBundled(backend, 'small', '64Mi')
    await givenBundled(backend, 'large', '512Mi')
    const call = (gatewayId: string, mebibytes: number) => callFunction(backend, { gatewayId, environment: 'dev', name: 'keep', input: { mebibytes } })
    assert.ok((await call('small', 90)).status >= 500)
    // A machine that is busy with other things may need more than one try to do so much within the time limit.
    await eventually(async () => assert.deepEqual(await call('large', 90), { status: 200, body: { kept: 90 } }))
    await eventually(async () => assert.equal((await call('small', 1)).status, 200))

    let isOver = false
    const steady = (async () => {
      const statuses: number[] = []
      while (!isOver) statuses.push((await call('small', 1)).status)
      return statuses
    })()
    const patched = await backend.api.call('patchGateway', { params: { gatewayId: 'small' }, body: { bundle: { memory: '512Mi' } } })
    assert.deepEqual(patched.bundle, { runtime: 'nodejs24', memory: '512Mi', cpu: '500m' })
    await eventually(async () => assert.deepEqual(await call('small', 90), { status: 200, body: { kept: 90 } }))
    isOver = true
    assert.deepEqual(new Set(await steady), new Set([200]))
  })
})
