import * as z from 'zod'

/** Entries of one list. */
export const egressEntriesMax = 100

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const hostPattern = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*\\.?$`)
const isAddress = (text: string): boolean => z.ipv4().safeParse(text).success || z.ipv6().safeParse(text).success
const isRange = (text: string): boolean => z.cidrv4().safeParse(text).success || z.cidrv6().safeParse(text).success
// Digits and dots alone mean an address, so what is none is a mistake and not a host.
const isHost = (text: string): boolean => text.length <= 253 && hostPattern.test(text) && !/^[\d.]+$/.test(text)

function isEgressEntry(entry: string): boolean {
  if (isAddress(entry) || isRange(entry) || isHost(entry)) return true
  const [, host = '', port = ''] = /^(\[.+\]|[^:]+):(\d{1,5})$/.exec(entry) ?? []
  if (Number(port) < 1 || Number(port) > 65_535) return false
  return host.startsWith('[') ? z.ipv6().safeParse(host.slice(1, -1)).success : isAddress(host) || isHost(host)
}

/** A host, `*.host` for everything below it, an address, either of them with `:port` (IPv6 in brackets), or a range of addresses in CIDR form. */
export const egressEntrySchema = z
  .string()
  .trim()
  .toLowerCase()
  .refine(isEgressEntry, 'Use a host ("api.example.com", "*.example.com"), an address, either with ":port", or a range such as "10.0.0.0/8".')

const entries = z.array(egressEntrySchema).max(egressEntriesMax, `Use at most ${egressEntriesMax} entries.`)

/** Where an environment's functions may reach by `fetch`. `deny` wins; `allow` opens also what is refused by default, such as private addresses. */
export const egressRulesSchema = z.object({ allow: entries, deny: entries })
export type EgressRules = z.infer<typeof egressRulesSchema>
export const egressRulesDefault: EgressRules = { allow: [], deny: [] }

/** A list that is named takes the place of the one before. */
export const egressRulesPatchSchema = z.strictObject({ allow: entries.optional(), deny: entries.optional() })
