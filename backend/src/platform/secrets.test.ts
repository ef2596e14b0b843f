import { strict as assert } from 'node:assert'
import { createSecrets } from './secrets.ts'

const secrets = createSecrets(Buffer.alloc(32, 1))

describe('secrets', () => {
  it('derives the same secret for the same purpose and key, and another for any other', () => {
    assert.equal(secrets.deriveSecret('a'), createSecrets(Buffer.alloc(32, 1)).deriveSecret('a'))
    assert.notEqual(secrets.deriveSecret('a'), secrets.deriveSecret('b'))
    assert.notEqual(secrets.deriveSecret('a'), createSecrets(Buffer.alloc(32, 2)).deriveSecret('a'))
    assert.match(secrets.deriveSecret('a'), /^[0-9a-f]{64}$/)
  })

  it('opens what it sealed, and nothing that was changed or sealed for another purpose', () => {
    const sealed = secrets.seal('answer', 'imp_dev_키')
    assert.equal(secrets.unseal('answer', sealed), 'imp_dev_키')
    assert.throws(() => secrets.unseal('other', sealed))
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1
    assert.throws(() => secrets.unseal('answer', sealed))
  })
})
