import { strict as assert } from 'node:assert'
import { redact } from './redact.ts'

describe('redact', () => {
  it('takes an API key out, and leaves its environment', () => {
    assert.equal(redact(`called with imp_dev_${'a'.repeat(36)} once`), 'called with imp_dev_… once')
  })

  it('takes tokens out of headers, JSON and addresses', () => {
    assert.equal(redact('Authorization: Bearer abc.def-123'), 'Authorization: Bearer …')
    assert.equal(redact('{"token":"s3cret","name":"kim"}'), '{"token":…,"name":"kim"}')
    assert.equal(redact('mongodb://kim:hunter2@localhost/admin'), 'mongodb://…@localhost/admin')
    assert.equal(redact('apikey=abc123 next'), 'apikey=… next')
  })

  it('leaves ordinary text as it is', () => {
    const text = 'dev: live in 38 ms, revision 12, http://localhost:7421/hometax/dev/calculateTax'
    assert.equal(redact(text), text)
  })
})
