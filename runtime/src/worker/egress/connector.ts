import { isIP, type LookupFunction, type Socket } from 'node:net'
import { normalizeAddress } from '@imprun/contracts/addresses/address-kind'
import { buildConnector } from 'undici'
import { egressRefused } from './egress-error.ts'
import { type EgressRules, targetOf } from './egress-rules.ts'
import type { Network } from './network.ts'

const connectTimeoutMs = 10_000

/**
 * Connects to addresses that have been checked, and to no other: the name is resolved once, each address of it is judged, and the socket gets those instead
 * of the name. So a name that answers differently the next time (DNS rebinding) gains nothing. A connection that is kept for the next request is one that
 * was judged when it was made.
 */
export function createConnector(rules: EgressRules, network: Network): buildConnector.connector {
  return (options, callback) => {
    connect(rules, network, options).then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, null),
    )
  }
}

async function connect(rules: EgressRules, network: Network, options: buildConnector.Options): Promise<Socket> {
  const target = targetOf(options.hostname, options.port, options.protocol)
  const addresses = await resolve(target.host, network)
  for (const address of addresses) rules.checkAddress(address, target)
  const routes = addresses.map((address) => network.route(address, target.port))
  const lookup: LookupFunction = (_name, { all }, callback) => {
    const found = routes.map(({ address }) => ({ address, family: isIP(address) }))
    if (all) callback(null, found)
    else callback(null, found[0]?.address ?? '', found[0]?.family)
  }
  const open = buildConnector({ timeout: connectTimeoutMs, allowH2: false, lookup, autoSelectFamily: true })
  const hostname = isIP(target.host) === 0 ? target.host : (routes[0]?.address ?? '')
  const socket = await new Promise<Socket>((resolve, reject) => {
    open({ ...options, hostname, port: String(routes[0]?.port) }, (error, opened) => (error === null ? resolve(opened) : reject(error)))
  })
  // The last word: what was really connected to is one of the addresses that were judged.
  const remote = socket.remoteAddress
  if (remote !== undefined && routes.some(({ address }) => normalizeAddress(address) === normalizeAddress(remote))) return socket
  socket.destroy()
  throw egressRefused(`fetch to ${target.host}:${target.port}`, 'reserved')
}

/** Names below `localhost` are this machine and are never asked of others (RFC 6761). */
async function resolve(host: string, network: Network): Promise<string[]> {
  if (isIP(host) !== 0) return [host]
  if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1']
  return network.resolve(host)
}
