import { isIP } from 'node:net'
import { type AddressKind, isInRange, kindOf, normalizeAddress } from '@imprun/contracts/addresses/address-kind'
import { type EgressRule, egressRefused } from './egress-error.ts'

export interface EgressLists {
  allow: readonly string[]
  deny: readonly string[]
}
/** Host without brackets and without a final dot, as a URL has it. */
export interface Target {
  host: string
  port: number
}

/** @param hostname of a URL; brackets may be there or not */
export function targetOf(hostname: string, port: string, protocol: string): Target {
  const host = hostname.replace(/^\[(.+)\]$/, '$1').replace(/\.$/, '')
  return { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
}

/** Decides where functions may reach. Both checks throw an `EgressError` that names the rule. */
export interface EgressRules {
  /** What can be known before the name is resolved. */
  checkTarget(target: Target): void
  /** Of the very address that is going to be connected to. */
  checkAddress(address: string, target: Target): void
}

/** No entry opens these: nothing that a function could need is there. */
const neverOpened: readonly AddressKind[] = ['metadata', 'link-local', 'multicast', 'broadcast', 'unspecified']

/** Ports that browsers refuse as well: what listens there may take an HTTP request for words of its own protocol. Then those of databases and caches. */
const closedPorts = new Set(
  (
    '1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 137 139 143 161 179 389 427 465 512 ' +
    '513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 ' +
    '6669 6679 6697 10080 ' +
    '3306 5432 6379 11211 27017 27018 27019'
  )
    .split(' ')
    .map(Number),
)

interface Entry {
  port: number | undefined
  matchesHost(host: string): boolean
  matchesAddress(normalized: string): boolean
}

/** @param databaseHosts `host:port` of the environment's database, which stays closed whatever the lists say */
export function createEgressRules({ allow, deny }: EgressLists, databaseHosts: readonly string[]): EgressRules {
  const allowed = allow.map(parseEntry)
  const denied = deny.map(parseEntry)
  const database = databaseHosts.map(parseEntry)
  const databasePorts = new Set(database.map(({ port }) => port))
  const refuse = ({ host, port }: Target, rule: EgressRule): never => {
    throw egressRefused(`fetch to ${host}:${port}`, rule)
  }
  return {
    checkTarget(target) {
      const { host, port } = target
      const names = (entry: Entry): boolean => isForPort(entry, port) && entry.matchesHost(host)
      if (database.some(names)) refuse(target, 'database')
      if (denied.some(names)) refuse(target, 'denied')
    },
    checkAddress(address, target) {
      const { host, port } = target
      const normalized = normalizeAddress(address)
      const kind = kindOf(normalized)
      const names = (entry: Entry): boolean => isForPort(entry, port) && (entry.matchesAddress(normalized) || entry.matchesHost(host))
      if (database.some(names)) refuse(target, 'database')
      if (denied.some(names)) refuse(target, 'denied')
      if (kind !== 'public') {
        // A private network that was opened as a whole has the database in it, maybe under a name of its own.
        if (databasePorts.has(port)) refuse(target, 'database')
        if (neverOpened.includes(kind) || !allowed.some(names)) refuse(target, kind)
      }
      if (closedPorts.has(port) && !allowed.some((entry) => entry.port === port && names(entry))) refuse(target, 'port')
    },
  }
}

const isForPort = (entry: Entry, port: number): boolean => entry.port === undefined || entry.port === port

/** `host`, `*.host`, an address, each with `:port` if wanted (IPv6 then in brackets), or a range in CIDR form. The API has checked the form. */
function parseEntry(text: string): Entry {
  if (text.includes('/')) return { port: undefined, matchesHost: () => false, matchesAddress: (normalized) => isInRange(normalized, text) }
  const [, bracketed, plain, portText] = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text) ?? []
  const name = (bracketed ?? plain ?? text).toLowerCase().replace(/\.$/, '')
  const port = portText === undefined ? undefined : Number(portText)
  if (isIP(name) !== 0) {
    const address = normalizeAddress(name)
    return { port, matchesHost: () => false, matchesAddress: (normalized) => normalized === address }
  }
  if (name.startsWith('*.')) return { port, matchesHost: (host) => host.endsWith(name.slice(1)), matchesAddress: () => false }
  return { port, matchesHost: (host) => host === name, matchesAddress: () => false }
}

/** @returns `host:port` of every server that a MongoDB URI names */
export function databaseHostsOf(uri: string): string[] {
  const [, authority = ''] = /^mongodb(?:\+srv)?:\/\/([^/?]*)/.exec(uri) ?? []
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',')
  return hosts.filter((host) => host !== '' && !host.includes('%2F')).map((host) => (/:\d+$/.test(host) ? host : `${host}:27017`))
}
