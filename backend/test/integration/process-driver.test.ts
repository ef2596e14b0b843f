import { strict as assert } from 'node:assert'
import { createServer } from 'node:net'
import { isImprunError } from '@imprun/contracts'
import { findFreePort } from '../../src/platform/ports.ts'
import type { EnvironmentRef, RuntimeDriver } from '../../src/runtime-driver/runtime-driver.ts'
import { eventually } from '../support/eventually.ts'
import { givenDriver, isGone } from '../support/given-driver.ts'

const dev: EnvironmentRef = { gatewayId: 'hometax', environment: 'dev', database: 'separate' }
const prod: EnvironmentRef = { gatewayId: 'hometax', environment: 'prod', database: 'separate' }
const never = new AbortController().signal

/** What the fake runtime says it serves. */
const served = async (driver: RuntimeDriver) => (await fetch(`${driver.edgeUrl()}`)).json()

describe('the process driver', function () {
  this.timeout(60_000)

  it('serves what it is told, on a leased port, and leaves nothing when it stops', async () => {
    await using given = await givenDriver()
    const driver = given.newLife()
    await driver.start()
    const pid = await given.isRunning(driver)
    assert.deepEqual(await driver.ensureAssigned(dev, 1, never), { isReady: true })
    await driver.ensureAssigned(prod, 1, never)
    assert.deepEqual(await served(driver), ['hometax/dev', 'hometax/prod'])
    await driver.ensureUnassigned(dev, 2, never)
    assert.deepEqual(await served(driver), ['hometax/prod'])
    assert.deepEqual(
      (await given.leases()).map(({ port }) => port),
      [Number(new URL(driver.edgeUrl() as string).port)],
    )
    await driver.stop()
    await isGone(pid)
    assert.deepEqual(await given.leases(), [])
    await assert.rejects(given.note())
  })

  it('brings back a runtime that was killed, on the same port, with everything assigned', async () => {
    await using given = await givenDriver()
    const driver = given.newLife()
    given.wanted.set('dev', { ref: dev, fence: 3 })
    await driver.start()
    const pid = await given.isRunning(driver)
    const edgeUrl = driver.edgeUrl()
    process.kill(pid, 'SIGKILL')
    await eventually(() => assert.equal(driver.state(), 'restarting'))
    const next = await given.isRunning(driver)
    assert.notEqual(next, pid)
    assert.equal(driver.edgeUrl(), edgeUrl)
    assert.deepEqual(await served(driver), ['hometax/dev'])
  })

  it('kills a runtime that hangs and starts another', async () => {
    await using given = await givenDriver({ fault: 'silent-after-sync' })
    const driver = given.newLife()
    await driver.start()
    const pid = await given.isRunning(driver)
    await eventually(() => isGone(pid))
    await eventually(() => assert.equal(driver.lastError()?.code, 'RUNTIME_UNREACHABLE'))
  })

  it('takes over the runtime of a backend that was killed instead of starting a second', async () => {
    await using given = await givenDriver()
    const backend = await given.newProcess()
    given.wanted.set('prod', { ref: prod, fence: 1 })
    await backend.kill()
    const driver = given.newLife()
    await driver.start()
    assert.equal(await given.isRunning(driver), backend.runtimePid)
    assert.deepEqual(await served(driver), ['hometax/prod'])
    assert.equal((await given.leases()).length, 1)
  })

  it('replaces a runtime that was started with other settings', async () => {
    await using given = await givenDriver()
    const backend = await given.newProcess()
    await backend.kill()
    const first = await findFreePort()
    const driver = given.newLife({ ports: { first, count: 1 } })
    await driver.start()
    assert.notEqual(await given.isRunning(driver), backend.runtimePid)
    await isGone(backend.runtimePid)
    assert.equal(driver.edgeUrl(), `http://localhost:${first}`)
  })

  it('says that all ports are used, and starts by itself once one is free', async () => {
    const first = await findFreePort()
    const stranger = createServer().listen(first, '127.0.0.1')
    try {
      await using given = await givenDriver({ ports: { first, count: 1 } })
      const driver = given.newLife()
      await driver.start()
      await eventually(() => assert.equal(driver.lastError()?.code, 'PORTS_EXHAUSTED'))
      await assert.rejects(driver.ensureAssigned(dev, 1, never), (error) => isImprunError(error) && error.code === 'PORTS_EXHAUSTED')
      assert.deepEqual(await given.leases(), [])
      await new Promise((resolve) => stranger.close(resolve))
      await given.isRunning(driver)
      assert.deepEqual(await driver.ensureAssigned(dev, 1, never), { isReady: true })
      assert.equal(driver.lastError(), undefined)
    } finally {
      stranger.close()
    }
  })

  it('takes the next port when the edge port is leased by another backend', async () => {
    const first = await findFreePort()
    await using given = await givenDriver({ ports: { first, count: 3 } })
    await given.mongo.database.sys
      .collection<{ _id: string }>('portLeases')
      .insertOne({ _id: String(first), port: first, holder: 'another', fence: 1, renewedAt: new Date() } as never)
    const driver = given.newLife()
    await driver.start()
    await given.isRunning(driver)
    assert.notEqual(driver.edgeUrl(), `http://localhost:${first}`)
    assert.equal((await given.leases()).length, 2)
  })

  it('tells why a runtime that dies at its start serves nothing, and goes on trying', async () => {
    await using given = await givenDriver({ fault: 'dies-at-start' })
    const driver = given.newLife()
    await driver.start()
    await eventually(() => assert.match(driver.lastError()?.message ?? '', /exit code 2/))
    await assert.rejects(driver.ensureAssigned(dev, 1, never), (error) => isImprunError(error) && error.code === 'RUNTIME_UNREACHABLE')
    await driver.ensureUnassigned(dev, 2, never)
  })

  it('makes a runtime leave that does not want to', async () => {
    await using given = await givenDriver({ fault: 'ignores-stop', timings: { drainTimeoutMs: 200, killGraceMs: 200 } })
    const driver = given.newLife()
    await driver.start()
    const pid = await given.isRunning(driver)
    await driver.stop()
    await isGone(pid)
  })

  it('has a real runtime serve an environment and let it go', async () => {
    await using given = await givenDriver({ runtime: 'real' })
    const driver = given.newLife()
    await given.prepare(dev)
    await driver.start()
    const pid = await given.isRunning(driver)
    const answer = async () => ((await (await fetch(`${driver.edgeUrl()}/hometax/dev/calculateTax`)).json()) as { code: string }).code
    assert.deepEqual(await driver.ensureAssigned(dev, 1, never), { isReady: true })
    assert.equal(await answer(), 'FUNCTION_NOT_FOUND')
    await driver.ensureUnassigned(dev, 2, never)
    assert.match(await answer(), /^(GATEWAY|ENVIRONMENT)_NOT_FOUND$/)
    await driver.stop()
    await isGone(pid)
  })
})
