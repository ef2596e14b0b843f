import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { eventually } from '../support/eventually.ts'
import { givenWorker } from '../support/given-worker.ts'

const dyingFront = path.resolve(import.meta.dirname, '../fixtures/dying-front.ts')

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('the watchdog of a worker', () => {
  it('ends it when its front was killed while a function hung it', async () => {
    const front = spawn(process.execPath, [dyingFront], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [printed, [, signal]] = await Promise.all([text(front.stdout), once(front, 'exit')])
    assert.equal(signal, 'SIGKILL', 'the front was killed')
    const pid = Number(printed)
    assert.ok(pid > 0)

    await eventually(() => assert.equal(isAlive(pid), false))
  })

  it('ends it when a function takes more memory than the process may have', async () => {
    await using worker = await givenWorker({ memoryMb: 64 })
    const call = await worker.given('export default () => "x".repeat(2 ** 27).replaceAll("x", "yz").length', { timeoutMs: 10_000 })

    await assert.rejects(call(), /The worker ended/)

    assert.equal(worker.process.signalCode, 'SIGKILL')
  })
})
