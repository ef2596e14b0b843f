import { lookup } from 'node:dns/promises'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { kindOf } from '@imprun/contracts/addresses/address-kind'

export interface PostAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** Its beginning. */
  text: string
}

/** Why nothing was sent, or no answer came, in words that hold neither token nor path. */
export class PostError extends Error {
  override readonly name = 'PostError'
  /** Trying again later cannot help. */
  readonly isFinal: boolean
  constructor(message: string, isFinal = false) {
    super(message)
    this.isFinal = isFinal
  }
}

/** @throws PostError */
export type Post = (url: string, body: string, headers: Record<string, string>, signal: AbortSignal) => Promise<PostAnswer>

const answerCharsMax = 10_000
const postTimeoutMs = 10_000

/**
 * Posts to addresses that users gave. Only public ones are opened, judged after the name was resolved and for the very address that is connected to;
 * redirects are answers like any other.
 * @param allowedHosts names that the operator has opened, whatever their address
 */
export function createGuardedPost(allowedHosts: readonly string[]): Post {
  const isOpened = new Set(allowedHosts.map((host) => host.toLowerCase()))
  return async (text, body, headers, signal) => {
    const url = new URL(text)
    const host = url.hostname.replace(/^\[(.+)\]$/, '$1')
    const addresses = isIP(host) === 0 ? await resolve(host) : [host]
    if (!isOpened.has(host) && !addresses.every((address) => kindOf(address) === 'public')) {
      throw new PostError(`${host} is no public address. Whoever runs imprun can open it (IMPRUN_NOTIFY_HOSTS).`, true)
    }
    return send(url, addresses, { body, headers, signal: AbortSignal.any([signal, AbortSignal.timeout(postTimeoutMs)]) })
  }
}

async function resolve(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch {
    throw new PostError(`The name ${host} cannot be resolved.`)
  }
}

function send(
  url: URL,
  addresses: readonly string[],
  { body, headers, signal }: { body: string; headers: Record<string, string>; signal: AbortSignal },
): Promise<PostAnswer> {
  const lookupJudged: LookupFunction = (_host, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }))
    if (all) callback(null, found)
    else callback(null, found[0]?.address ?? '', found[0]?.family)
  }
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const options = { method: 'POST', lookup: lookupJudged, signal, agent: false as const, headers: { ...headers, 'content-length': Buffer.byteLength(body) } }
  return new Promise((resolve, reject) => {
    const outgoing = request(url, options, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8')
      incoming.on('data', (chunk: string) => {
        if (text.length < answerCharsMax) text += chunk.slice(0, answerCharsMax)
      })
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }))
      incoming.on('error', (error) => reject(failureOf(error, url)))
    })
    outgoing.on('error', (error) => reject(failureOf(error, url)))
    outgoing.end(body)
  })
}

function failureOf(error: Error & { code?: unknown }, { host }: URL): PostError {
  if (error.name === 'AbortError') return new PostError(`${host} did not answer within ${postTimeoutMs / 1000} s.`)
  return new PostError(`${host} cannot be reached (${typeof error.code === 'string' ? error.code : 'the connection broke'}).`)
}
