import { strict as assert } from 'node:assert'
import { ConfigError, parseConfig } from './config.ts'

const needed = {
  IMPRUN_RUNTIME_ID: 'rt-1',
  IMPRUN_RUNTIME_TOKEN: 'secret-token',
  IMPRUN_RUNTIME_CONTROL: '/tmp/control.sock',
  IMPRUN_RUNTIME_MONGODB_URI: 'mongodb://user:secret-password@127.0.0.1',
}

describe('the settings of a runtime', () => {
  it('need little and are frozen', () => {
    const config = parseConfig(needed)
    assert.ok(Object.isFrozen(config))
    assert.deepEqual(
      { host: config.host, port: config.port, baseDomains: config.baseDomains, orphanMs: config.orphanMs, spares: config.spares, idleMs: config.idleMs },
      { host: '127.0.0.1', port: 0, baseDomains: ['localhost'], orphanMs: 60_000, spares: 1, idleMs: 300_000 },
    )
  })
  it('take several base domains, whatever their case', () => {
    assert.deepEqual(parseConfig({ ...needed, IMPRUN_BASE_DOMAINS: 'localhost, Example.ORG,' }).baseDomains, ['localhost', 'example.org'])
  })
  it('name all faults at once and repeat no value', () => {
    assert.throws(
      () =>
        parseConfig({
          ...needed,
          IMPRUN_RUNTIME_ID: undefined,
          IMPRUN_RUNTIME_PORT: '70000',
          IMPRUN_RUNTIME_MONGODB_URI: 'secret-password',
          IMPRUN_LOG_LEVEL: 'loud',
        }),
      (error: ConfigError) => {
        assert.ok(error instanceof ConfigError)
        assert.equal(error.faults.length, 4)
        assert.equal(error.message.includes('secret-password'), false)
        return true
      },
    )
  })
  it('refuse a control path that a unix socket can not have', () => {
    assert.throws(() => parseConfig({ ...needed, IMPRUN_RUNTIME_CONTROL: `/${'x'.repeat(120)}` }), /107 bytes/)
  })
})
