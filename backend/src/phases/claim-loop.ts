import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { PhaseDocument } from './phase-document.ts'

/** Claims asked for at a time once there is more than one to have: each waits for the journal, and one after the other would be what bounds the whole. */
const claimsAtATimeMax = 4

interface Options<Document extends PhaseDocument> {
  /** @throws the driver's error */
  claim(exceptIds: readonly string[]): Promise<Document | undefined>
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
  #asking = 0
  #ticking: Promise<void> | undefined
  #claiming: Promise<void> | undefined
  #isWoken = false
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
      if (this.#isWoken && this.#hasRoom()) this.wake()
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

  #hasRoom(): boolean {
    return !this.#options.stopSignal.aborted && this.#inFlight.size + this.#asking < this.#options.concurrencyMax
  }

  /** Asks for one, and for several at a time while there is something to have. */
  async #claimAll(): Promise<void> {
    if (!this.#hasRoom() || !(await this.#claimOne())) return
    await Promise.all(
      Array.from({ length: claimsAtATimeMax }, async () => {
        while (this.#hasRoom() && (await this.#claimOne())) {}
      }),
    )
  }

  /** @returns whether there was one. A claim that fails leaves the rest to the next tick. */
  async #claimOne(): Promise<boolean> {
    this.#isWoken = false
    this.#asking++
    const held = await this.#claim()
    this.#asking--
    if (!held) return false
    const run = this.#options.run(held).finally(() => {
      this.#inFlight.delete(held._id)
      this.wake()
    })
    this.#inFlight.set(held._id, run)
    return true
  }

  async #claim(): Promise<Document | undefined> {
    try {
      const held = await this.#options.claim(this.inFlight)
      this.#claimError = undefined
      return held
    } catch (error) {
      // Told once, not every second, for as long as MongoDB is away.
      if (this.#claimError === undefined) this.#options.log.warn({ error }, 'Documents cannot be claimed for now')
      this.#claimError = String(error)
      return undefined
    }
  }
}
