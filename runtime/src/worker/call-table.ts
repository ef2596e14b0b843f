/** What stands round a call in a chain of middleware. */
export interface CallLink<Owner> {
  onOpened(call: Call<Owner>): void
  /** The call's answer, or its failure, is on its way to the front. */
  onAnswered(status: number): void
  /** The middleware lets the call go on. */
  next(headerLines: string, carry: string): void
}

/** One call that has not been answered. Made once per slot and used again, because a call lives for microseconds and there are tens of thousands a second. */
export interface Call<Owner> {
  /** What the guest calls it: slot and generation, so that a late word about an old call does not reach the next one in its slot. */
  number: number
  /** The front's id. */
  frontId: number
  owner: Owner | undefined
  /** CallMeta lines, for what is logged about the call. */
  meta: string
  /** By `performance.now()`. */
  startedAtMs: number
  /** Its function has begun to run. */
  isEntered: boolean
  isCrossed: boolean
  isStreaming: boolean
  isPaused: boolean
  held: (string | Uint8Array)[]
  heldBytes: number
  /** What the function has written of a streamed answer. */
  streamedBytes: number
  link: CallLink<Owner> | undefined
  /** Set by those that live on after the answer. */
  onClosed: (() => void) | undefined
}

const slotsMax = 2 ** 16
/** Generation and slot must fit a double together. */
const generationsMax = 2 ** 32

/** Open calls in numbered slots: a Map that is filled and emptied all day costs the collector long pauses (measured: p99 17 ms against 3). */
export class CallTable<Owner> {
  readonly #slots: Call<Owner>[] = []
  readonly #free: number[] = []

  /** @throws RangeError with 65536 calls open, far over what the front lets through */
  open(frontId: number, owner: Owner): Call<Owner> {
    const slot = this.#free.pop() ?? this.#slots.length
    if (slot >= slotsMax) throw new RangeError('Too many calls are open.')
    let call = this.#slots[slot]
    if (call === undefined) {
      call = {
        number: slot,
        frontId,
        owner,
        meta: '',
        startedAtMs: 0,
        isEntered: false,
        isCrossed: false,
        isStreaming: false,
        isPaused: false,
        held: [],
        heldBytes: 0,
        streamedBytes: 0,
        link: undefined,
        onClosed: undefined,
      }
      this.#slots.push(call)
    }
    call.frontId = frontId
    call.owner = owner
    return call
  }
  /** @returns the call of that number if it is still open */
  find(number: unknown): Call<Owner> | undefined {
    if (typeof number !== 'number') return undefined
    const call = this.#slots[number % slotsMax]
    return call !== undefined && call.number === number && call.owner !== undefined ? call : undefined
  }
  /** For rare words of the front about a call: looks at every slot. */
  findByFrontId(frontId: number): Call<Owner> | undefined {
    return this.#slots.find((call) => call.owner !== undefined && call.frontId === frontId)
  }
  /** A call behind middleware is open several times. */
  allByFrontId(frontId: number): Call<Owner>[] {
    return this.#slots.filter((call) => call.owner !== undefined && call.frontId === frontId)
  }
  of(owner: Owner): Call<Owner>[] {
    return this.#slots.filter((call) => call.owner === owner)
  }
  get openCount(): number {
    return this.#slots.length - this.#free.length
  }
  close(call: Call<Owner>): void {
    const slot = call.number % slotsMax
    call.owner = undefined
    call.meta = ''
    call.isEntered = false
    call.isCrossed = false
    call.isStreaming = false
    call.isPaused = false
    if (call.held.length > 0) call.held = []
    call.heldBytes = 0
    call.streamedBytes = 0
    call.link = undefined
    const { onClosed } = call
    call.onClosed = undefined
    call.number = slot + ((Math.floor(call.number / slotsMax) + 1) % generationsMax) * slotsMax
    this.#free.push(slot)
    onClosed?.()
  }
}
