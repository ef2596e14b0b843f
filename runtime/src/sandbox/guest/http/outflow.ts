import { hostCalls } from '../../bridge.ts'
import { assertNotOver, type CurrentRequest, currentRequest, enterRequest, onRequestOver } from '../current-request.ts'
import { callHost, checkCrossing } from '../host.ts'

type Piece = string | Uint8Array

/** In characters and bytes, what a function may write without waiting while its caller does not keep up. */
const aheadLengthMax = 8 * 1024 * 1024
/** What a piece counts for beside its own length: it takes memory even when it is empty. */
const pieceLength = 64

interface Wait {
  readonly ended: PromiseWithResolvers<void>
  readonly request: CurrentRequest | undefined
}

/** Those that wait for a slow caller, by call. */
const waiting = new Map<number, Outflow>()
const nothing = Promise.resolve()

/** The caller of this call takes more. */
export function drained(call: number): void {
  waiting.get(call)?.goOn()
}

/** The pieces of one streamed answer on their way to the host. As long as the caller does not keep up they wait here, in the function's own memory. */
export class Outflow {
  readonly #call: number
  /** Since the host said that the caller does not keep up. */
  #wait: Wait | undefined
  #held: Piece[] = []
  #heldLength = 0
  #onEnded: (() => void) | undefined

  constructor(call: number) {
    this.#call = call
  }
  /**
   * @returns when this piece has left and the caller keeps up
   * @throws RangeError when too much waits already, and whatever ended the call
   */
  write(piece: Piece): Promise<void> {
    assertNotOver()
    checkCrossing(piece.length)
    if (this.#wait === undefined) {
      if (this.#send(piece)) return nothing
      this.#wait = { ended: Promise.withResolvers(), request: currentRequest() }
      waiting.set(this.#call, this)
    } else this.#hold(piece)
    return this.#wait.ended.promise
  }
  /** @param onEnded called when everything has left */
  end(onEnded: () => void): void {
    this.#onEnded = onEnded
    if (this.#held.length === 0) this.#endNow()
  }
  goOn(): void {
    const wait = this.#wait
    enterRequest(wait?.request)
    const held = this.#held
    // Nothing may leave twice, also when this entry is stopped half-way.
    this.#held = []
    for (let at = 0; at < held.length; at++) {
      const piece = held[at] as Piece
      this.#heldLength -= piece.length + pieceLength
      if (this.#send(piece)) continue
      this.#held = held.slice(at + 1)
      return
    }
    this.#letGo()
    this.#endNow()
  }
  /** Nobody will take what waits. */
  drop(): void {
    this.#onEnded = undefined
    this.#letGo()
  }

  /** @returns false when the caller does not keep up; `drained` follows */
  #send(piece: Piece): boolean {
    return callHost(hostCalls.answerChunk, this.#call, piece) === true
  }
  #hold(piece: Piece): void {
    if (this.#heldLength > aheadLengthMax)
      throw new RangeError(`The function wrote ${aheadLengthMax} bytes ahead of a caller who does not take them so fast. Await res.write().`)
    this.#heldLength += piece.length + pieceLength
    // The function may use its buffer again.
    this.#held.push(typeof piece === 'string' ? piece : piece.slice())
  }
  #letGo(): void {
    const wait = this.#wait
    waiting.delete(this.#call)
    this.#wait = undefined
    this.#held = []
    this.#heldLength = 0
    wait?.ended.resolve()
  }
  #endNow(): void {
    const onEnded = this.#onEnded
    if (onEnded === undefined) return
    this.#onEnded = undefined
    callHost(hostCalls.answerEnd, this.#call)
    onEnded()
  }
}

// Its code goes on, and fails when it writes next.
onRequestOver(({ call }) => waiting.get(call)?.drop())
