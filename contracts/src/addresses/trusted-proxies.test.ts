import { strict as assert } from 'node:assert'
import { createProxyTrust, trustedProxiesSchema } from './trusted-proxies.ts'

describe('the proxies that are trusted', () => {
  it('are none by default', () => {
    assert.deepEqual(trustedProxiesSchema.parse(undefined), [])
    assert.equal(createProxyTrust([])('127.0.0.1'), false)
  })
  it('are addresses, ranges and this machine, of either family', () => {
    const isTrusted = createProxyTrust(trustedProxiesSchema.parse('loopback, 10.0.0.0/8 192.0.2.7,2001:db8::/32'))
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', '2001:db8::9']) {
      assert.equal(isTrusted(address), true, address)
    }
    for (const address of ['192.0.2.8', '11.0.0.1', '2001:db9::1', '', 'unknown', '10.0.0.1:80', 'loopback']) assert.equal(isTrusted(address), false, address)
  })
  it('are named without mistake', () => {
    for (const text of ['10.0.0.0/33', 'proxy.example.com', 'true', '10.0.0']) assert.equal(trustedProxiesSchema.safeParse(text).success, false, text)
  })
})
