import ipaddr from 'ipaddr.js'

/** What an address is for. Only `public` ones are open to functions by themselves. */
export type AddressKind =
  | 'public'
  | 'private'
  | 'loopback'
  | 'unique-local'
  | 'carrier-grade-nat'
  | 'reserved'
  | 'link-local'
  | 'metadata'
  | 'multicast'
  | 'broadcast'
  | 'unspecified'

/** Where clouds keep the credentials of their machines, besides 169.254.0.0/16. They look private or even public, and nobody has a reason to open them. */
const metadataAddresses = new Set([
  '169.254.169.254', // AWS, Google, Azure, DigitalOcean, Oracle, OpenStack
  '169.254.170.2', // AWS, tasks
  '169.254.170.23', // AWS, pods
  '100.100.100.200', // Alibaba
  '168.63.129.16', // Azure, the machine's host
  '192.0.0.192', // Oracle
  'fd00:ec2::254', // AWS
  'fd00:ec2::23', // AWS, pods
  'fd20:ce::254', // Google
  'fe80::a9fe:a9fe', // OpenStack
])

const kinds4: Record<string, AddressKind> = {
  unicast: 'public',
  private: 'private',
  loopback: 'loopback',
  carrierGradeNat: 'carrier-grade-nat',
  linkLocal: 'link-local',
  multicast: 'multicast',
  broadcast: 'broadcast',
  unspecified: 'unspecified',
}
const kinds6: Record<string, AddressKind> = {
  unicast: 'public',
  loopback: 'loopback',
  uniqueLocal: 'unique-local',
  linkLocal: 'link-local',
  multicast: 'multicast',
  unspecified: 'unspecified',
}

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
/** Networks without IPv4 reach it through these: the address that counts is the one inside. */
const wrappingRanges = ['::ffff:0:0/96', '64:ff9b::/96'].map((range) => ipaddr.IPv6.parseCIDR(range))

/** The library takes `::1.2.3.4`, an old form that stands for nothing any more, for `::ffff:1.2.3.4`. Written in hex there is no doubt. */
function inHex(text: string): string {
  const isMixed = text.includes(':') && text.includes('.')
  return isMixed ? (URL.parse(`http://[${text}]`)?.hostname.slice(1, -1) ?? text) : text
}

/** @returns the IPv4 address inside an IPv6 one that stands for it, in its usual spelling; any other address as it is, without its zone @throws for no address */
export function normalizeAddress(text: string): string {
  const address = ipaddr.parse(inHex(text.replace(/%.*$/, '')))
  if (address instanceof ipaddr.IPv6 && wrappingRanges.some((range) => address.match(range))) {
    return new ipaddr.IPv4(address.toByteArray().slice(-4)).toString()
  }
  return address.toString()
}

/** @param text an address in any form; what is none counts as reserved */
export function kindOf(text: string): AddressKind {
  if (!ipaddr.isValid(text.replace(/%.*$/, ''))) return 'reserved'
  const normalized = normalizeAddress(text)
  if (metadataAddresses.has(normalized)) return 'metadata'
  const address = ipaddr.parse(normalized)
  if (address instanceof ipaddr.IPv4) return kinds4[address.range()] ?? 'reserved'
  const kind = kinds6[address.range()] ?? 'reserved'
  // Ranges that nobody has given out yet, and the old forms with an IPv4 address inside (::/96), lie outside.
  return kind === 'public' && !address.match(globalUnicast) ? 'reserved' : kind
}

/** @param range in CIDR form, of either family */
export function isInRange(normalized: string, range: string): boolean {
  const address = ipaddr.parse(normalized)
  const [base, bits] = ipaddr.parseCIDR(range)
  if (address instanceof ipaddr.IPv4) return base instanceof ipaddr.IPv4 && address.match([base, bits])
  return base instanceof ipaddr.IPv6 && address.match([base, bits])
}
