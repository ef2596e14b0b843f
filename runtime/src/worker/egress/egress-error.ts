import type { AddressKind } from '@imprun/contracts/addresses/address-kind'
import type { FetchFailure } from '../../sandbox/bridge.ts'

/** Which rule refused: what the address is, or why the target is closed. */
export type EgressRule = Exclude<AddressKind, 'public'> | 'denied' | 'database' | 'port' | 'scheme' | 'credentials'

type EgressCode = FetchFailure['code']

export class EgressError extends Error {
  readonly code: EgressCode
  readonly rule: EgressRule | undefined
  constructor(code: EgressCode, message: string, rule?: EgressRule) {
    super(message)
    this.name = 'EgressError'
    this.code = code
    this.rule = rule
  }
}

const sentences: Record<EgressRule, string> = {
  private: 'it is a private address',
  loopback: 'it is this machine itself',
  'unique-local': 'it is a private address',
  'carrier-grade-nat': 'it is an address inside a provider’s network',
  reserved: 'the address is reserved and belongs to nobody on the internet',
  'link-local': 'it is an address of this machine’s own link',
  metadata: 'it is an address where clouds keep credentials',
  multicast: 'it is a multicast address',
  broadcast: 'it is a broadcast address',
  unspecified: 'the address names no host',
  denied: 'the environment’s egress.deny names it',
  database: 'the environment’s database is reached through imp.db() only',
  port: 'the port is not one of a web server',
  scheme: 'only http: and https: are open to functions',
  credentials: 'a URL with a user name or password is not fetched; send an authorization header',
}
const openable: readonly EgressRule[] = ['private', 'loopback', 'unique-local', 'carrier-grade-nat', 'reserved', 'port']

/** @param target as the function named it; never what its name resolved to */
export function egressRefused(target: string, rule: EgressRule): EgressError {
  const hint = openable.includes(rule) ? ' The environment’s egress.allow can open it.' : ''
  return new EgressError('EGRESS_REFUSED', `${target} was refused: ${sentences[rule]}.${hint}`, rule)
}

const reasons: Record<string, string> = {
  ENOTFOUND: 'the name does not exist',
  EAI_AGAIN: 'the name could not be resolved at the moment',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_HEADERS_OVERFLOW: 'the head of the answer is too large',
  ETIMEDOUT: 'no connection was made in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection was made in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer began in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped arriving',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer ended too early or too late',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'the request’s body is not as long as it says',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the host’s certificate is signed by itself and by no authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'the host’s certificate comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the host’s certificate comes from an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the host sends its certificate without those that vouch for it',
  CERT_HAS_EXPIRED: 'the host’s certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the host’s certificate is for another name',
}
const timeouts = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

/** Addresses and hosts that the function did not name itself stay out of it. */
export function describeFetchError(error: unknown): FetchFailure {
  if (error instanceof EgressError) return { code: error.code, message: error.message, ...(error.rule === undefined ? {} : { rule: error.rule }) }
  const reason = codeOf(error)
  const code = timeouts.has(reason) ? 'EGRESS_TIMED_OUT' : 'EGRESS_FAILED'
  if (reason.startsWith('HPE_')) return { code, reason, message: 'The fetch failed: the answer is not valid HTTP.' }
  if (/^Z_|^ERR__?(?:ZLIB|BROTLI)|^Z_BUF/.test(reason)) return { code, reason, message: 'The fetch failed: the answer’s compressed body is broken.' }
  if (reasons[reason] === undefined && /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|SSL|TLS/.test(reason))
    return { code, reason, message: `The fetch failed: the host’s TLS is not valid (${reason}).` }
  return { code, message: `The fetch failed: ${reasons[reason] ?? 'the connection broke'}.`, ...(reason === '' ? {} : { reason }) }
}

/** The codes of several tried addresses are those of the last. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors.at(-1))
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : ''
}
