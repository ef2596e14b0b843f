import { fetchesMax, resumeCodes } from '../../sandbox/bridge.ts'
import type { EgressAccess } from './egress-access.ts'
import { describeFetchError, EgressError } from './egress-error.ts'
import { readFetchRequest } from './fetch-request.ts'
import { OutgoingFetch, requestBytesMax } from './outgoing-fetch.ts'

/** The function version that fetches. */
export interface FetchOwner {
  readonly limits: { readonly timeoutMs: number }
  cross(callNumber: unknown): void
  resumeLater(callNumber: unknown): (code: number, number: number, payload: string | Uint8Array) => void
}

/** What is sent ahead of the function's reading. A body up to this size is in the function's own memory as soon as it is here, read or not. */
const aheadBytesMax = 64 * 1024

interface OpenFetch {
  callNumber: unknown
  outgoing: OutgoingFetch
  timer: NodeJS.Timeout
  /** How much may still be sent before the function has read. */
  creditBytes: number
  isSending: boolean
  resume(code: number, payload: string | Uint8Array): void
}

/**
 * What one function version has under way outside, under the numbers that the guest gives. A fetch ends with its body, and at the latest after the time that
 * the function may take; that of a call which failed, timed out or lost its caller ends with the call.
 */
export class FetchSession {
  readonly #access: EgressAccess
  readonly #owner: FetchOwner
  readonly #open = new Map<number, OpenFetch>()

  constructor(access: EgressAccess, owner: FetchOwner) {
    this.#access = access
    this.#owner = owner
  }

  /** @param body all of it, or that it comes by `push` */
  start(number: number, callNumber: unknown, head: unknown, body: Uint8Array | 'stream' | undefined): void {
    if (this.#open.has(number)) return
    const enter = this.#owner.resumeLater(callNumber)
    const resume: OpenFetch['resume'] = (code, payload) => enter(code, number, payload)
    void this.#begin(number, callNumber, head, body, resume).catch((error: unknown) => this.#fail(number, resume, error))
  }
  async #begin(number: number, callNumber: unknown, head: unknown, body: Uint8Array | 'stream' | undefined, resume: OpenFetch['resume']): Promise<void> {
    if (this.#open.size >= fetchesMax) throw new EgressError('EGRESS_LIMIT', `At most ${fetchesMax} fetches may be under way.`)
    const outgoing = new OutgoingFetch(() => resume(resumeCodes.fetchDrained, ''), body)
    const { timeoutMs } = this.#owner.limits
    const late = new EgressError('EGRESS_TIMED_OUT', `The fetch did not end within the ${timeoutMs} ms that the function may take.`)
    const timer = setTimeout(() => this.#giveUp(number, late), timeoutMs)
    const open = { callNumber, outgoing, timer, creditBytes: aheadBytesMax, isSending: false, resume }
    this.#open.set(number, open)
    const request = readFetchRequest(head)
    if (body instanceof Uint8Array && body.length > requestBytesMax)
      throw new EgressError('EGRESS_LIMIT', `The request's body is larger than ${requestBytesMax} bytes.`)
    this.#owner.cross(callNumber)
    const answer = await outgoing.start(request, await this.#access.open())
    if (this.#open.get(number) !== open) return outgoing.abort()
    // Before the function hears of the head: it may ask for more at once.
    open.isSending = true
    resume(resumeCodes.fetchHead, JSON.stringify(answer))
    if (answer.hasBody) await this.#send(number, open)
    else this.#close(number)
  }

  async #send(number: number, open: OpenFetch): Promise<void> {
    while (open.creditBytes > 0) {
      const piece = await open.outgoing.read()
      if (this.#open.get(number) !== open) return
      if (piece === undefined) {
        this.#close(number)
        return open.resume(resumeCodes.fetchEnd, '')
      }
      open.creditBytes -= piece.length
      open.resume(resumeCodes.fetchPiece, piece)
    }
    open.isSending = false
  }
  /** The function has read what was sent. */
  read(number: number): void {
    const open = this.#open.get(number)
    if (open === undefined) return
    open.creditBytes = aheadBytesMax
    if (open.isSending) return
    open.isSending = true
    void this.#send(number, open).catch((error: unknown) => this.#fail(number, open.resume, error))
  }
  /** @returns false when the other side does not keep up: `fetchDrained`, the answer's end or a failure follows */
  push(number: number, piece: Uint8Array): boolean {
    return this.#open.get(number)?.outgoing.push(piece) ?? false
  }
  endBody(number: number): void {
    this.#open.get(number)?.outgoing.endBody()
  }
  /** The function wants nothing more of it. */
  abort(number: number): void {
    const open = this.#open.get(number)
    this.#close(number)
    open?.outgoing.abort()
  }
  /** The call has failed, or its caller is gone. */
  abortOf(callNumber: number): void {
    for (const [number, open] of this.#open) if (open.callNumber === callNumber) this.abort(number)
  }
  close(): void {
    for (const number of this.#open.keys()) this.abort(number)
  }

  #giveUp(number: number, reason: EgressError): void {
    const open = this.#open.get(number)
    if (open === undefined) return
    this.abort(number)
    open.resume(resumeCodes.fetchFailed, JSON.stringify(describeFetchError(reason)))
  }
  /** Nothing is told of a fetch that was given up before. */
  #fail(number: number, resume: OpenFetch['resume'], error: unknown): void {
    const open = this.#open.get(number)
    if (open !== undefined && open.resume !== resume) return
    if (open === undefined && !(error instanceof EgressError)) return
    this.abort(number)
    resume(resumeCodes.fetchFailed, JSON.stringify(describeFetchError(error)))
  }
  #close(number: number): void {
    clearTimeout(this.#open.get(number)?.timer)
    this.#open.delete(number)
  }
}
