import { type FetchAnswer, type FetchFailure, fetchesMax, hostCalls, resumeCodes } from '../../bridge.ts'
import { assertNotOver, type CurrentRequest, currentRequest, enterRequest, onRequestOver } from '../current-request.ts'
import { callHost } from '../host.ts'
import { type ByteSource, takeContent } from './body.ts'
import { joinBytes, latin1ToBytes } from './bytes.ts'
import { Headers } from './headers.ts'
import { Request } from './request.ts'
import { createFetchedResponse, type Response } from './response.ts'

/** One fetch between its start and the last byte of its answer. */
class OpenFetch {
  readonly #number: number
  readonly #request: Request
  readonly #resolve: (response: Response) => void
  readonly #reject: (error: unknown) => void
  /** Every entry for this fetch goes on in the name of the request that began it. */
  readonly current: CurrentRequest | undefined = currentRequest()
  /** Holds the place of the call in the author's code; the answer comes from a stack of its own. */
  readonly #from = new Error()
  /** What came and was not read yet. The host stops sending when it is much. */
  #pieces: Uint8Array[] = []
  #isOver = false
  #failure: { error: unknown } | undefined
  #waiting: { resolve(bytes: Uint8Array | undefined): void; reject(error: unknown): void } | undefined
  #goOn: (() => void) | undefined

  constructor(number: number, request: Request, resolve: (response: Response) => void, reject: (error: unknown) => void) {
    this.#number = number
    this.#request = request
    this.#resolve = resolve
    this.#reject = reject
  }
  start(): void {
    const { method, redirect, url, headers, signal } = this.#request
    signal.addEventListener('abort', this.#onAbort)
    const lines = [method, redirect, url]
    for (const [name, value] of headers) lines.push(name, value)
    const content = takeContent(this.#request)
    const isWhole = content === null || typeof content === 'string' || content instanceof Uint8Array
    callHost(hostCalls.fetchStart, this.#number, this.current?.call ?? -1, lines.join('\n'), isWhole ? (content ?? undefined) : true)
    if (!isWhole) void this.#send(content)
  }
  async #send(source: ByteSource): Promise<void> {
    try {
      for (let piece = await source.pull(); piece !== undefined; piece = await source.pull()) {
        if (this.#isOver) return source.cancel(this.#failure?.error)
        const keepsUp = callHost(hostCalls.fetchPush, this.#number, piece)
        if (keepsUp === false) await new Promise<void>((resolve) => (this.#goOn = resolve))
      }
      callHost(hostCalls.fetchPushEnd, this.#number)
    } catch (error) {
      this.giveUp(error)
    }
  }
  readonly #onAbort = (): void => this.giveUp(this.#request.signal.reason)

  answered({ status, statusText, url, isRedirected, headers, hasBody }: FetchAnswer): void {
    if (!hasBody) this.#end()
    this.#resolve(createFetchedResponse(hasBody ? this.#body() : null, { status, statusText, url, redirected: isRedirected, headers: new Headers(headers) }))
  }
  #body(): ByteSource {
    return {
      pull: () =>
        new Promise((resolve, reject) => {
          this.#waiting = { resolve, reject }
          if (!this.#deliver()) callHost(hostCalls.fetchRead, this.#number)
        }),
      cancel: (reason) => this.giveUp(reason),
    }
  }
  /** @returns whether nobody waits any more */
  #deliver(): boolean {
    const waiting = this.#waiting
    if (waiting === undefined) return true
    if (this.#pieces.length === 0 && this.#failure === undefined && !this.#isOver) return false
    this.#waiting = undefined
    if (this.#pieces.length > 0) waiting.resolve(this.#pieces.length === 1 ? this.#pieces[0] : joinBytes(this.#pieces))
    else if (this.#failure !== undefined) waiting.reject(this.#failure.error)
    else waiting.resolve(undefined)
    this.#pieces = []
    return true
  }
  arrived(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.#deliver()
  }
  ended(): void {
    this.#end()
    this.#deliver()
  }
  drained(): void {
    this.#goOn?.()
    this.#goOn = undefined
  }
  failed(failure: FetchFailure): void {
    this.#fail(toError(failure, this.#from))
  }
  giveUp(error: unknown): void {
    if (this.#isOver || this.#failure !== undefined) return
    callHost(hostCalls.fetchAbort, this.#number)
    this.#fail(error)
  }
  #fail(error: unknown): void {
    this.#failure = { error }
    this.#end()
    this.#reject(error)
    this.#deliver()
  }
  #end(): void {
    this.#isOver = true
    this.drained()
    fetches.delete(this.#number)
    this.#request.signal.removeEventListener('abort', this.#onAbort)
  }
}

const fetches = new Map<number, OpenFetch>()
let lastFetch = 0
const tooMany = `At most ${fetchesMax} fetches of a function may be under way. Read or cancel their bodies.`

/** @throws TypeError whose `cause.code` says why; the signal's reason when it was aborted */
export async function fetch(input: unknown, init?: ConstructorParameters<typeof Request>[1]): Promise<Response> {
  assertNotOver()
  if (fetches.size >= fetchesMax) throw toError({ code: 'EGRESS_LIMIT', message: tooMany }, new Error())
  const request = new Request(input, init)
  request.signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const number = ++lastFetch
    const opened = new OpenFetch(number, request, resolve, reject)
    fetches.set(number, opened)
    opened.start()
  })
}

onRequestOver((request, reason) => {
  for (const opened of fetches.values()) if (opened.current === request) opened.giveUp(reason)
})

export function resumeFetch(code: number, number: number, payload: string | ArrayBuffer): void {
  const opened = fetches.get(number)
  if (opened === undefined) return
  enterRequest(opened.current)
  if (code === resumeCodes.fetchHead) opened.answered(JSON.parse(String(payload)))
  else if (code === resumeCodes.fetchPiece) opened.arrived(typeof payload === 'string' ? latin1ToBytes(payload) : new Uint8Array(payload))
  else if (code === resumeCodes.fetchEnd) opened.ended()
  else if (code === resumeCodes.fetchDrained) opened.drained()
  else opened.failed(JSON.parse(String(payload)))
}

function toError({ message, ...facts }: FetchFailure, from: Error): TypeError {
  const error = new TypeError(message, { cause: Object.assign(new Error(message), facts) })
  error.stack = `TypeError: ${message}\n${(from.stack ?? '').split('\n').slice(1).join('\n')}`
  return error
}
