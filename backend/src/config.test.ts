import { strict as assert } from 'node:assert'
import { parseConfig } from './config.ts'

const machine = { homeFolder: '/home/ada', currentFolder: '/srv/imprun', userName: 'ada' }

describe('config', () => {
  it('needs no setting at all', () => {
    const config = parseConfig({}, machine)
    assert.equal(config.home, '/srv/imprun/.imprun')
    assert.equal(config.cacheFolder, '/home/ada/.cache/imprun')
    assert.equal(config.stateFolder, '/home/ada/.local/state/imprun')
    assert.deepEqual(config.api, { host: '127.0.0.1', port: 7420, allowedHosts: [] })
    assert.deepEqual(config.edge, { port: 7421, portsCount: 20, trustedProxies: [] })
    assert.equal(config.mongodbUri, undefined)
  })

  it('takes an empty variable for one that is not set', () => {
    assert.equal(parseConfig({ IMPRUN_API_PORT: '', MONGODB_URI: '' }, machine).api.port, 7420)
  })

  it('tells all faults together and repeats no value', () => {
    assert.throws(
      () => parseConfig({ IMPRUN_API_PORT: '70000', IMPRUN_EDGE_PORT: '-1', MONGODB_URI: 'redis://:hunter2@x', IMPRUN_LOG_LEVEL: 'loud' }, machine),
      ({ message }: Error) => {
        for (const name of ['IMPRUN_API_PORT', 'IMPRUN_EDGE_PORT', 'MONGODB_URI', 'IMPRUN_LOG_LEVEL']) assert.ok(message.includes(name))
        return !message.includes('hunter2')
      },
    )
  })

  it("hands npm what the user's npm goes by, and nothing secret", () => {
    const npm = { HOME: '/home/kim', npm_config_registry: 'https://npm.example.com', HTTPS_PROXY: 'http://proxy:3128', NODE_EXTRA_CA_CERTS: '/ca.pem' }
    const secret = {
      IMPRUN_SECRET_KEY: 'a'.repeat(64),
      MONGODB_URI: 'mongodb://root:hunter2@x',
      AWS_SECRET_ACCESS_KEY: 'hunter2',
      npm_package_json: '/x',
      NODE_OPTIONS: '--import=/x',
    }
    assert.deepEqual(parseConfig({ ...npm, ...secret, PATH: '/usr/bin' }, machine).npm, { searchPath: '/usr/bin', environment: npm })
  })
})
