// The first five minutes of the README, as a newcomer types them.
import { strict as assert } from 'node:assert'
import { exec } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { skip } from '../support/skip.ts'
import { startImprun } from '../support/started-imprun.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const readReadme = () => readFile(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')

async function run(command: string): Promise<unknown> {
  const { stdout } = await promisify(exec)(command)
  return JSON.parse(stdout)
}

describe('the README', () => {
  before(function () {
    if (process.platform === 'win32') skip(this, 'the lines for the shell are written for a POSIX one')
  })

  it('tells a start, a call and an answer that are true, and a second start that goes on where it was', async function () {
    this.timeout(300_000)
    await using home = await temporaryFolder()
    const readme = await readReadme()
    const [call = ''] = /^\s*curl .*\/hometax\/dev\/calculateTax .*$/m.exec(readme) ?? []
    const answer = JSON.parse(/It answers `([^`]+)`/.exec(readme)?.[1] ?? 'null')

    for (const start of ['first', 'second']) {
      await using imprun = await startImprun(home.path)
      const { port } = new URL(imprun.edgeUrl)
      assert.deepEqual(await run(`curl -s ${call.trim().slice('curl '.length).replace(':7421', `:${port}`)}`), answer, `the README's line, ${start} start`)
      const [printed = ''] = /^\s*curl .*$/m.exec(imprun.output()) ?? []
      assert.deepEqual(await run(`curl -s ${printed.trim().slice('curl '.length)}`), answer, `the printed line, ${start} start`)
      assert.ok(imprun.output().includes(imprun.apiUrl), 'the address of the API is printed')
      await imprun.interrupt()
    }
  })
})
