import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { PhaseDocument } from './phase-document.ts'

/** Taken by one claim, so that what many replicas want at once is spread over them. */
const claimedAtOnceMax = 32
/** With nothing free, how much has to become free before more is asked for, so that it is asked for together; but no longer than the pause. */
const freeShare = 1 / 4
const freePauseMs = 20

interface Options<Document extends PhaseDocument> {
  /** @throws the driver's error */
  claim(exceptIds: readonly string[]): Promise<Document | undefined>
  /** @throws the driver's error */
  claimSeveral(atMost: number, exceptIds: readonly string[]): Promise<Document[]>
  /** Never throws. */
  run(claimed: Document): Promise<void>
  clock: Clock
  log: Log
  stopSignal: AbortSignal
  concurrencyMax: number
  tickMs: number
}

/** Claims what is due, when it is woken and at each tick, for as long as more may run. Never has one document run twice at a time. */
export class ClaimLoop<Document extends PhaseDocument> {
  readonly #options: Options<Document>
  readonly #inFlight = new Map<string, Promise<void>>()
  #ticking: Promise<void> | undefined
  #claiming: Promise<void> | undefined
  #isWoken = false
  /** There may be more than fits: it is asked for when something ends. */
  #isFull = false
  #pausing: Promise<void> | undefined
  #claimError: string | undefined

  constructor(options: Options<Document>) {
    this.#options = options
  }

  get isStarted(): boolean {
    return this.#ticking !== undefined
  }
  get inFlight(): readonly string[] {
    return [...this.#inFlight.keys()]
  }
  /** Why documents cannot be claimed at the moment. */
  get claimError(): string | undefined {
    return this.#claimError
  }

  start(): void {
    this.#ticking = this.#tick()
  }

  wake(): void {
    this.#isWoken = true
    if (this.#options.stopSignal.aborted || !this.#ticking) return
    this.#claiming ??= this.#claimAll().finally(() => {
      this.#claiming = undefined
      if (this.#isWoken && this.#room() > 0) this.wake()
    })
  }

  /** The tick alone would make a short wait as long as itself. */
  wakeAfter(ms: number): void {
    const { clock, stopSignal, tickMs } = this.#options
    if (ms >= tickMs) return
    clock.sleepMs(ms, stopSignal).then(
      () => this.wake(),
      () => {},
    )
  }

  /** Waits, once the signal has fired, for what is in flight. */
  async ended(): Promise<void> {
    await this.#ticking
    await this.#claiming
    await this.#pausing
    await Promise.all(this.#inFlight.values())
  }

  async #tick(): Promise<void> {
    const { clock, stopSignal, tickMs } = this.#options
    // The first round starts once `start` has set everything up.
    await Promise.resolve()
    while (!stopSignal.aborted) {
      this.wake()
      await clock.sleepMs(tickMs, stopSignal).catch(() => {})
    }
  }

  #room(): number {
    return this.#options.stopSignal.aborted ? 0 : this.#options.concurrencyMax - this.#inFlight.size
  }

  /** Asks for one, which is all there is most of the time and costs one command; and for several at a time once there is one. */
  async #claimAll(): Promise<void> {
    const one = async (exceptIds: readonly string[]) => {
      const held = await this.#options.claim(exceptIds)
      return held ? [held] : []
    }
    const several = (exceptIds: readonly string[], room: number) => this.#options.claimSeveral(Math.min(room, claimedAtOnceMax), exceptIds)
    let found = await this.#take(this.#isFull ? several : one)
    while (found > 0) found = await this.#take(several)
  }

  /** @returns how many there were. A claim that fails leaves the rest to the next tick. */
  async #take(claim: (exceptIds: readonly string[], room: number) => Promise<Document[]>): Promise<number> {
    const room = this.#room()
    this.#isFull = room === 0
    if (room === 0) return 0
    this.#isWoken = false
    const held = await this.#withoutFailing(() => claim(this.inFlight, room))
    for (const document of held) this.#run(document)
    return held.length
  }

  #run(held: Document): void {
    const run = this.#options.run(held).finally(() => {
      this.#inFlight.delete(held._id)
      if (this.#isFull) this.#refill()
    })
    this.#inFlight.set(held._id, run)
  }

  #refill(): void {
    const { clock, stopSignal, concurrencyMax } = this.#options
    if (this.#room() >= concurrencyMax * freeShare) return this.wake()
    this.#pausing ??= clock
      .sleepMs(freePauseMs, stopSignal)
      .then(() => this.wake())
      .catch(() => {})
      .finally(() => {
        this.#pausing = undefined
      })
  }

  async #withoutFailing(claim: () => Promise<Document[]>): Promise<Document[]> {
    try {
      const held = await claim()
      this.#claimError = undefined
      return held
    } catch (error) {
      // Told once, not every second, for as long as MongoDB is away.
      if (this.#claimError === undefined) this.#options.log.warn({ error }, 'Documents cannot be claimed for now')
      this.#claimError = String(error)
      return []
    }
  }
}
