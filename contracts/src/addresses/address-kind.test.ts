import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { isInRange, kindOf, normalizeAddress } from './address-kind.ts'

describe('the kind of an address', () => {
  const kinds: [address: string, kind: string][] = [
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
    ['10.0.0.1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:8.8.8.8', 'public'],
    ['::ffff:10.0.0.1', 'private'],
    ['64:ff9b::808:808', 'public'],
    ['64:ff9b::a00:1', 'private'],
    ['::8.8.8.8', 'reserved'],
    ['::127.0.0.1', 'reserved'],
    ['::808:808', 'reserved'],
    ['2002:808:808::', 'reserved'],
    ['fe80::1%eth0', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['fd00:0ec2:0:0:0:0:0:254', 'metadata'],
    ['nonsense', 'reserved'],
    ['', 'reserved'],
  ]
  for (const [address, kind] of kinds) it(`is ${kind}: ${address}`, () => assert.equal(kindOf(address), kind))

  it('is the same for an IPv4 address in every form that stands for it', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const hex = address
          .split('.')
          .map((part) => Number(part).toString(16).padStart(2, '0'))
          .join('')
        const tail = `${hex.slice(0, 4)}:${hex.slice(4)}`
        const kind = kindOf(address)
        for (const form of [`::ffff:${address}`, `::ffff:${tail}`, `0:0:0:0:0:FFFF:${tail}`, `64:ff9b::${tail}`]) {
          assert.equal(kindOf(form), kind, form)
          assert.equal(normalizeAddress(form), address)
        }
      }),
    )
  })
  it('is public for no IPv6 address outside of what has been given out', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const normalized = normalizeAddress(address)
        if (normalized.includes(':') && kindOf(address) === 'public') assert.ok(isInRange(normalized, '2000::/3'), address)
      }),
    )
  })
  it('finds no address of one family in a range of the other', () => {
    assert.equal(isInRange('10.0.0.1', '::/0'), false)
    assert.equal(isInRange('2606:4700::1', '0.0.0.0/0'), false)
  })
})
