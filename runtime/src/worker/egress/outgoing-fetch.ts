import { PassThrough, Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { FetchAnswer } from '../../sandbox/bridge.ts'
import { decodeBody } from './decoded-body.ts'
import { EgressError } from './egress-error.ts'
import { type EgressRules, targetOf } from './egress-rules.ts'
import { type FetchRequest, nextHop } from './fetch-request.ts'

export const redirectsMax = 20
/** Of an answer's body, after unpacking. */
export const answerBytesMax = 32 * 1024 * 1024
export const requestBytesMax = 32 * 1024 * 1024
/** Without a sign of the other side. The call's own deadline may be sooner. */
const silentMsMax = 60_000

export interface Way {
  rules: EgressRules
  client: Dispatcher
}

const withoutBody = new Set([101, 103, 204, 205, 304])
/** They say how this one connection carried the body, and the function gets the body itself. */
const framingHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'trailer', 'proxy-authenticate', 'proxy-connection'])
const codingHeaders = new Set(['content-encoding', 'content-length'])

/** One `fetch` of a function: hops until the last answer, then its body piece by piece, as fast as the function reads. */
export class OutgoingFetch {
  readonly #abort = new AbortController()
  /** Whole, and can be sent again to where a redirect leads. */
  readonly #body: Uint8Array | undefined
  /** Comes in pieces. */
  readonly #bodyStream: PassThrough | undefined
  #sentBytes = 0
  #pieces: AsyncIterator<Uint8Array> | undefined
  #receivedBytes = 0

  /** @param onDrained the other side took what was pushed, and more can follow */
  constructor(onDrained: () => void, body: Uint8Array | 'stream' | undefined) {
    if (body === 'stream') {
      this.#bodyStream = new PassThrough()
      this.#bodyStream.on('drain', onDrained)
      this.#bodyStream.on('error', () => undefined)
    } else this.#body = body
  }

  /** @throws EgressError, and what the system and the HTTP client throw */
  async start(first: FetchRequest, way: Way): Promise<FetchAnswer> {
    let request = first
    let body: Uint8Array | Readable | undefined = this.#body ?? this.#bodyStream
    for (let hop = 0; hop <= redirectsMax; hop++) {
      const answer = await this.#send(request, body, way)
      const next = request.redirect === 'manual' ? undefined : nextHop(request, answer.statusCode, oneOf(answer.headers.location))
      if (next === undefined) return this.#take(request, answer, hop > 0)
      answer.body.on('error', () => undefined).destroy()
      if (request.redirect === 'error') throw new EgressError('EGRESS_FAILED', 'The fetch failed: the answer is a redirect, and redirect is "error".')
      if (next.dropsBody) body = undefined
      else if (body instanceof Readable) throw new EgressError('EGRESS_FAILED', 'The fetch failed: a redirect asks for the body again, and a stream is gone.')
      request = next
    }
    throw new EgressError('EGRESS_LIMIT', `The fetch failed: more than ${redirectsMax} redirects.`)
  }
  #send({ url, method, headers }: FetchRequest, body: Uint8Array | Readable | undefined, { rules, client }: Way): Promise<Dispatcher.ResponseData> {
    rules.checkTarget(targetOf(url.hostname, url.port, url.protocol))
    return client.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: headers.flat(),
      body: body ?? null,
      signal: this.#abort.signal,
      headersTimeout: silentMsMax,
      bodyTimeout: silentMsMax,
    })
  }
  #take({ url, method }: FetchRequest, answer: Dispatcher.ResponseData, isRedirected: boolean): FetchAnswer {
    const hasBody = method !== 'HEAD' && !withoutBody.has(answer.statusCode)
    const decoded = hasBody ? decodeBody(answer.body, oneOf(answer.headers['content-encoding'])) : undefined
    if (hasBody) this.#pieces = (decoded ?? answer.body)[Symbol.asyncIterator]()
    else answer.body.on('error', () => undefined).resume()
    const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
      framingHeaders.has(name) || (decoded !== undefined && codingHeaders.has(name)) ? [] : [value ?? []].flat().map((each): [string, string] => [name, each]),
    )
    const shown = new URL(url)
    shown.hash = ''
    return { status: answer.statusCode, statusText: answer.statusText, url: shown.href, isRedirected, headers, hasBody }
  }

  /** @returns the next piece of the answer's body, undefined at its end @throws like `start` */
  async read(): Promise<Uint8Array | undefined> {
    const next = await this.#pieces?.next()
    if (next === undefined || next.done) return undefined
    this.#receivedBytes += next.value.length
    if (this.#receivedBytes <= answerBytesMax) return next.value
    this.abort()
    throw new EgressError('EGRESS_LIMIT', `The answer's body is larger than ${answerBytesMax} bytes.`)
  }

  /** A piece of a streamed request body. @returns false when the other side does not keep up, or wants nothing more */
  push(piece: Uint8Array): boolean {
    const stream = this.#bodyStream
    if (stream === undefined || stream.destroyed || stream.writableEnded) return false
    this.#sentBytes += piece.length
    if (this.#sentBytes <= requestBytesMax) return stream.write(piece)
    this.abort(new EgressError('EGRESS_LIMIT', `The request's body is larger than ${requestBytesMax} bytes.`))
    return false
  }
  endBody(): void {
    this.#bodyStream?.end()
  }
  abort(reason?: Error): void {
    this.#abort.abort(reason)
    this.#bodyStream?.destroy()
    this.#pieces?.return?.().catch(() => undefined)
  }
}

const oneOf = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)
