import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { on } from 'node:events'
import { join } from 'node:path'
import { runChild } from './run-child.mjs'

const module = JSON.stringify(join(import.meta.dirname, 'run-child.mjs'))
const options = { cwd: import.meta.dirname, env: process.env }

/** A parent that runs `code` through runChild, as run.mjs does with a task. */
function startParent(code: string) {
  const parent = `import { runChild } from ${module}\nprocess.exitCode = await runChild(process.execPath, ['-e', ${JSON.stringify(code)}], { cwd: '.', env: process.env })`
  return spawn(process.execPath, ['--input-type=module', '-e', parent], { stdio: ['ignore', 'pipe', 'inherit'] })
}

describe('running a task', () => {
  it('leaves with the exit code of the task', async () => {
    assert.equal(await runChild(process.execPath, ['-e', 'process.exit(7)'], options), 7)
  })

  it('leaves with 128 and the number of the signal that ended the task', async () => {
    assert.equal(await runChild(process.execPath, ['-e', 'process.kill(process.pid, "SIGKILL")'], options), 137)
  })

  it('names a program that is not there', async () => {
    await assert.rejects(runChild('/nowhere/node', [], options), /\/nowhere\/node could not be started/)
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`passes ${signal} on once, however often it comes, and waits for the task to stop`, async () => {
      const task = `let count = 0; process.on('${signal}', () => { count++; console.log('got'); setTimeout(() => process.exit(40 + count), 300) }); setInterval(() => {}, 1000); console.log('up')`
      const parent = startParent(task)
      const closed = new Promise((resolve) => parent.once('close', resolve))
      for await (const [chunk] of on(parent.stdout, 'data', { close: ['end'] })) {
        parent.kill(signal)
        if (String(chunk).includes('got')) break
      }
      assert.equal(await closed, 41)
    })
  }
})
