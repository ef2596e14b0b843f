import { strict as assert } from 'node:assert'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { RemedyError } from './errors.mjs'
import { runNpm, withoutHosts, withoutOuterNpm } from './npm.mjs'

describe('running npm', () => {
  it('says what npm said and what to do, without the address of the registry', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'package.json'), '{ "private": true }')
    const env = { ...process.env, npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0', npm_config_cache: join(folder.path, 'cache') }
    const run = runNpm(['install', 'left-pad'], { cwd: folder.path, env, node: process.execPath, remedy: 'Check the network.' })
    await assert.rejects(run, (error: Error) => {
      assert.ok(error instanceof RemedyError)
      assert.match(error.message, /ECONNREFUSED[\s\S]*Check the network\.$/)
      assert.doesNotMatch(error.message, /http:\/\/127/)
      return true
    })
  })

  it('keeps the path of an address, which names the package', () => {
    assert.equal(withoutHosts('GET https://user:word@example.com:8443/mocha failed'), 'GET <registry>/mocha failed')
  })

  it('does not tell it which Node the npm around it runs on, but what its user has configured', () => {
    const outer = { npm_config_user_agent: 'npm/11 node/v20', npm_node_execpath: '/old/node', NODE: '/old/node', INIT_CWD: '/' }
    const own = { npm_config_registry: 'http://localhost/', NODE_ENV: 'test', PATH: '/bin' }
    assert.deepEqual(withoutOuterNpm({ ...outer, ...own }), own)
  })
})
