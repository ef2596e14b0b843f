import * as z from 'zod'
import { isInRange, kindOf, normalizeAddress } from './address-kind.ts'

const proxy = z.union([z.literal('loopback'), z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])

/** Proxies whose word about a caller counts: addresses and ranges in CIDR form, separated by commas or spaces; `loopback` is this machine. None by default. */
export const trustedProxiesSchema = z
  .string()
  .default('')
  .transform((text) => text.split(/[\s,]+/).filter(Boolean))
  .refine(
    (entries) => entries.every((entry) => proxy.safeParse(entry).success),
    'Use addresses or ranges such as 10.0.0.0/8, separated by commas, or loopback.',
  )

/** @returns whether an address is that of such a proxy; what is no address never is */
export function createProxyTrust(entries: readonly string[]): (address: string) => boolean {
  const isLoopbackTrusted = entries.includes('loopback')
  const ranges = entries.filter((entry) => entry !== 'loopback').map((entry) => (entry.includes('/') ? entry : `${entry}/${entry.includes(':') ? 128 : 32}`))
  return (address) => {
    if (!z.union([z.ipv4(), z.ipv6()]).safeParse(address).success) return false
    if (isLoopbackTrusted && kindOf(address) === 'loopback') return true
    const normalized = normalizeAddress(address)
    return ranges.some((range) => isInRange(normalized, range))
  }
}
