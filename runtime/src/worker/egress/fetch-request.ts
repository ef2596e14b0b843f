import { EgressError, egressRefused } from './egress-error.ts'

/** One request on its way out, as the next hop gets it. */
export interface FetchRequest {
  url: URL
  method: string
  /** Name in lower case and value in turns. */
  headers: [string, string][]
  redirect: 'follow' | 'manual' | 'error'
}

export const headerBytesMax = 64 * 1024
const urlCharsMax = 65_536
const tokenRule = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const valueRule = /^[\t\x20-\x7e\x80-\xff]*$/
const methodsClosed = new Set(['CONNECT', 'TRACE', 'TRACK'])

/** The framing of the message and the connection are ours; browsers drop these as well. */
const droppedHeaders = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-authorization',
  'proxy-connection',
  'proxy-authenticate',
])
const ownHeaders: readonly [string, string][] = [
  ['accept', '*/*'],
  ['accept-encoding', 'gzip, deflate, br'],
  ['user-agent', 'imprun'],
]

/**
 * @param head of the guest, which is not to be trusted: method, redirect mode, URL, then header name and value in turns
 * @throws EgressError
 */
export function readFetchRequest(head: unknown): FetchRequest {
  if (typeof head !== 'string' || head.length > urlCharsMax + headerBytesMax) throw new EgressError('EGRESS_LIMIT', 'The URL or the headers are too large.')
  const [method = '', redirect = '', url = '', ...lines] = head.split('\n')
  if (!tokenRule.test(method) || methodsClosed.has(method.toUpperCase())) throw new EgressError('EGRESS_FAILED', `${method} is not a method that fetch sends.`)
  const headers: [string, string][] = []
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const name = (lines[at] ?? '').toLowerCase()
    const value = lines[at + 1] ?? ''
    if (!tokenRule.test(name) || !valueRule.test(value)) throw new EgressError('EGRESS_FAILED', 'A header has a character that HTTP does not allow.')
    if (!droppedHeaders.has(name)) headers.push([name, value])
  }
  for (const [name, value] of ownHeaders) if (!headers.some(([given]) => given === name)) headers.push([name, value])
  return { url: readUrl(url), method, headers, redirect: redirect === 'manual' || redirect === 'error' ? redirect : 'follow' }
}

/** @throws EgressError for what is not a plain http(s) URL */
export function readUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (url === null) throw new EgressError('EGRESS_FAILED', 'The URL is not valid.')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw egressRefused(`fetch of a ${url.protocol} URL`, 'scheme')
  if (url.username !== '' || url.password !== '') throw egressRefused(`fetch to ${url.host}`, 'credentials')
  return url
}

const redirectStatuses = new Set([301, 302, 303, 307, 308])
const crossOriginDropped = new Set(['authorization', 'cookie'])
const bodyHeaders = new Set(['content-type', 'content-encoding', 'content-language', 'content-location'])

/** @returns the request of the next hop by the rules of the Fetch standard, or undefined when the answer is the last one */
export function nextHop(request: FetchRequest, status: number, location: string | undefined): (FetchRequest & { dropsBody: boolean }) | undefined {
  if (!redirectStatuses.has(status) || location === undefined) return undefined
  const url = readUrl(location, request.url)
  if (url.hash === '') url.hash = request.url.hash
  const becomesGet =
    ((status === 301 || status === 302) && request.method === 'POST') || (status === 303 && request.method !== 'GET' && request.method !== 'HEAD')
  const isCrossOrigin = url.origin !== request.url.origin
  const headers = request.headers.filter(([name]) => !(isCrossOrigin && crossOriginDropped.has(name)) && !(becomesGet && bodyHeaders.has(name)))
  return { ...request, url, headers, method: becomesGet ? 'GET' : request.method, dropsBody: becomesGet }
}
