import { strict as assert } from 'node:assert'
import { newWebhookSecret, sign } from './webhook.ts'

describe('the signature of a webhook', () => {
  it('is the one that the example of Standard Webhooks has', () =>
    assert.equal(
      sign('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}'),
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    ))

  it('is made with secrets that no two webhooks share', () => {
    const [one, other] = [newWebhookSecret(), newWebhookSecret()]
    assert.match(one, /^whsec_[A-Za-z0-9+/]{32}$/)
    assert.notEqual(one, other)
  })
})
