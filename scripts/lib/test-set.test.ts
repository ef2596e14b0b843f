import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { skip } from '../../test/support/skip.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'

const module = JSON.stringify(join(import.meta.dirname, 'test-set.ts'))
const skipModule = join(import.meta.dirname, '..', '..', 'test', 'support', 'skip.ts')

/** Runs a test file as `npm test` would. @returns the counts and all that was printed */
async function runTests(code: string, env: NodeJS.ProcessEnv = {}, mochaArgs: string[] = []) {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'sample.test.mjs')
  await writeFile(file, code)
  const program = `import { runTestSet } from ${module}\nconst counts = await runTestSet('sample', [${JSON.stringify(file)}], ${JSON.stringify(mochaArgs)})\nconsole.log('counts ' + JSON.stringify(counts))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { env: { ...process.env, CI: '', ...env }, stdio: 'pipe' })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk))
  await new Promise((resolve) => child.once('close', resolve))
  return { output, counts: JSON.parse(/^counts (.*)$/m.exec(output)?.[1] ?? 'null') }
}

describe('a test set', () => {
  it('counts what passed, failed and was skipped, and shows the reason of a skip', async () => {
    const { counts, output } = await runTests(`
      import { skip } from ${JSON.stringify(skipModule)}
      it('passes', () => {})
      it('fails', () => { throw new Error('as it should') })
      it('is left out', function () { skip(this, 'only on the moon') })
      describe('a suite', () => { before(function () { skip(this, 'only at night') }); it('is left out too', () => {}) })`)
    assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 2 })
    assert.match(output, /skipped: only on the moon[\s\S]*skipped: only at night/)
  })

  it('fails a skip without a reason on CI, and only there', async () => {
    const code = `it('passes', () => {})\nit.skip('is left out', () => {})`
    assert.deepEqual((await runTests(code)).counts, { passed: 1, failed: 0, skipped: 1 })
    const onCi = await runTests(code, { CI: 'true' })
    assert.deepEqual(onCi.counts, { passed: 1, failed: 1, skipped: 0 })
    assert.match(onCi.output, /Skipped without a reason .*: is left out/)
  })

  it('tries a failing test again only where it was told to, and says why', async () => {
    const code = `let tries = 0\nit('is flaky', () => { if (++tries === 1) throw new Error('not yet') })`
    assert.deepEqual((await runTests(code)).counts, { passed: 0, failed: 1, skipped: 0 })
    const retried = await runTests(code, {}, ['--retries=1'])
    assert.deepEqual(retried.counts, { passed: 1, failed: 0, skipped: 0 })
    assert.match(retried.output, /tried once more: is flaky\nError: not yet/)
  })

  it('fails a file that can not be loaded', async () => {
    assert.deepEqual((await runTests(`import './nowhere.ts'`)).counts, { passed: 0, failed: 1, skipped: 0 })
  })

  it('fails, names and ends a process that a test left behind', async function () {
    this.timeout(60_000)
    if (process.platform !== 'linux') skip(this, 'only Linux shows the variables of a process')
    const { counts, output } = await runTests(`
      import { spawn } from 'node:child_process'
      it('passes', () => { spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' }).unref() })`)
    assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 0 })
    const pid = /left behind the process (\d+) .*setInterval/.exec(output)?.[1]
    // One that has ended but was not yet waited for by its parent is still listed, without a command.
    const isRunning = async () => (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) !== ''
    for (const deadline = performance.now() + 5_000; (await isRunning()) && performance.now() < deadline; ) await sleep(20)
    assert.equal(await isRunning(), false)
  })

  it('fails, names and removes a temporary file that a test left behind', async () => {
    const { counts, output } = await runTests(`
      import { writeFileSync } from 'node:fs'
      import { tmpdir } from 'node:os'
      it('passes', () => writeFileSync(tmpdir() + '/imprun-forgotten', ''))`)
    assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 0 })
    assert.match(output, /left behind the temporary file imprun-forgotten/)
  })
})
