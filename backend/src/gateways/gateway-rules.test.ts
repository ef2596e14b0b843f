import { strict as assert } from 'node:assert'
import { gatewayIdSchema, isImprunError } from '@imprun/contracts'
import { gatewayIdFromName, suggestGatewayId } from './gateway-rules.ts'

describe('the id of a gateway', () => {
  it('is made of what can be kept of its name', () => {
    assert.equal(gatewayIdFromName('Home Tax 2026!'), 'home-tax-2026')
    assert.equal(gatewayIdFromName('세금 tax'), 'tax')
  })

  it('is random when nothing of the name can be kept, and usable', () => {
    for (const name of ['세금 계산', '42', 'x']) {
      const id = gatewayIdFromName(name)
      assert.match(id, /^gateway-[a-z0-9]{6}$/)
      assert.ok(gatewayIdSchema.safeParse(id).success)
    }
    assert.notEqual(gatewayIdFromName('세금'), gatewayIdFromName('세금'))
  })

  it('is refused when it would be a reserved one', () => {
    assert.throws(
      () => gatewayIdFromName('Admin'),
      (error) => isImprunError(error) && error.code === 'INPUT_INVALID' && error.errors?.[0]?.field === 'name' && /reserved/.test(error.errors[0].message),
    )
  })

  it('that is taken is answered with the first free one that is like it', () => {
    assert.equal(suggestGatewayId('hometax', new Set(['hometax'])), 'hometax-2')
    assert.equal(suggestGatewayId('hometax', new Set(['hometax', 'hometax-2', 'hometax-3'])), 'hometax-4')
  })

  it('that is suggested keeps to the rules, however long the taken one is', () => {
    const longest = `a${'-b'.repeat(19)}c`
    assert.equal(longest.length, 40)
    assert.ok(gatewayIdSchema.safeParse(suggestGatewayId(longest, new Set([longest]))).success)
  })
})
