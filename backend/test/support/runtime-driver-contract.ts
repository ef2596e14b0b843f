import { strict as assert } from 'node:assert'
import type { EnvironmentRef, RuntimeDriver } from '../../src/runtime-driver/runtime-driver.ts'
import { eventually } from './eventually.ts'

export interface DriverUnderTest extends AsyncDisposable {
  driver: RuntimeDriver
  /** The environments of gateway `hometax` that are served at this moment, sorted. */
  served(): Promise<string[]>
}

const dev: EnvironmentRef = { gatewayId: 'hometax', environment: 'dev', database: 'separate' }
const prod: EnvironmentRef = { gatewayId: 'hometax', environment: 'prod', database: 'separate' }
const never = new AbortController().signal

/** What every implementation of the port does, whatever its runtimes are. */
export function describeRuntimeDriver(name: string, given: () => Promise<DriverUnderTest>): void {
  describe(`${name}, as every runtime driver`, function () {
    this.timeout(60_000)

    const started = async () => {
      const parts = await given()
      await parts.driver.start()
      await eventually(() => assert.equal(parts.driver.state(), 'running'))
      return parts
    }
    const assign = (driver: RuntimeDriver, ref: EnvironmentRef, fence: number) =>
      eventually(async () => assert.deepEqual(await driver.ensureAssigned(ref, fence, never), { isReady: true }))

    it('has an environment served by the time it says so, however often it is asked', async () => {
      await using parts = await started()
      await assign(parts.driver, dev, 1)
      await assign(parts.driver, dev, 1)
      await assign(parts.driver, prod, 1)
      assert.deepEqual(await parts.served(), ['hometax/dev', 'hometax/prod'])
    })

    it('has an environment served no more by the time it says so, however often it is asked', async () => {
      await using parts = await started()
      await assign(parts.driver, dev, 1)
      await assign(parts.driver, prod, 1)
      await parts.driver.ensureUnassigned(dev, 2, never)
      await parts.driver.ensureUnassigned(dev, 2, never)
      assert.deepEqual(await parts.served(), ['hometax/prod'])
    })

    it('lets go of what was never assigned', async () => {
      await using parts = await started()
      await parts.driver.ensureUnassigned(dev, 1, never)
      assert.deepEqual(await parts.served(), [])
    })

    it('lets a holder with an older fence change nothing', async () => {
      await using parts = await started()
      await assign(parts.driver, dev, 5)
      await assert.rejects(parts.driver.ensureUnassigned(dev, 4, never))
      assert.deepEqual(await parts.served(), ['hometax/dev'])
      await parts.driver.ensureUnassigned(dev, 6, never)
      await assert.rejects(parts.driver.ensureAssigned(dev, 5, never))
      assert.deepEqual(await parts.served(), [])
    })

    it('does nothing for a step that is over', async () => {
      await using parts = await started()
      await assert.rejects(parts.driver.ensureAssigned(dev, 1, AbortSignal.abort()))
      await assert.rejects(parts.driver.ensureUnassigned(dev, 1, AbortSignal.abort()))
    })

    it('knows the address of the edge while it serves', async () => {
      await using parts = await started()
      assert.match(parts.driver.edgeUrl() ?? '', /^http:\/\/localhost:\d+$/)
      assert.equal(parts.driver.lastError(), undefined)
    })
  })
}
