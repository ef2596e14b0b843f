import type { Document as BsonDocument } from 'mongodb'
import type { Database } from '../database/database.ts'
import type { Watcher } from '../database/watcher.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { attemptsBeforeStalled, backoffMs } from './backoff.ts'
import { type ClaimStore, createClaimStore, lockTtlMs, type QueueDepth, type Written } from './claims.ts'
import type { Decision } from './decisions.ts'
import { actionablePairs, findStep, type Machine } from './machine.ts'
import type { PhaseDocument } from './phase-document.ts'
import { describeFailure } from './step-failure.ts'
import { runStep, type StepLimits } from './step-run.ts'

/** What the engine does, as it does it. The engine waits for the observer, so a test can hold it, or end the process, at any point. */
export type EngineEvent =
  /** `waitedMs`: since it was due, by the database's clock. */
  | { readonly type: 'claimed'; readonly id: string; readonly fence: number; readonly waitedMs: number }
  | { readonly type: 'released' | 'lost'; readonly id: string; readonly fence: number }
  | { readonly type: 'decided'; readonly id: string; readonly fence: number; readonly decision: Decision<never>; readonly elapsedMs: number }
  | { readonly type: 'written'; readonly id: string; readonly fence: number; readonly decision: Decision<never> }
  | { readonly type: 'failed'; readonly id: string; readonly fence: number; readonly attempts: number; readonly code: string }

export interface EngineStatus {
  readonly isRunning: boolean
  /** Documents whose steps run now. */
  readonly inFlight: readonly string[]
  /** Why documents cannot be claimed at the moment. */
  readonly claimError: string | undefined
}

/** Moves the documents of one collection to where their users want them. Never runs two steps of one document at a time. */
export interface PhaseEngine {
  /** @throws the driver's error when MongoDB cannot be reached. */
  start(): Promise<void>
  /** Looks for due documents now. */
  wake(): void
  /** Fires the signals of running steps, waits for them and frees their documents. */
  stop(): Promise<void>
  status(): EngineStatus
  /** What waits, whoever will take it. @throws the driver's error */
  readDepth(): Promise<QueueDepth>
}

export interface EngineLimits extends StepLimits {
  /** Steps in flight at a time. */
  readonly concurrencyMax: number
  /** How late a missed wake-up can be. */
  readonly tickMs: number
}

export const defaultLimits: EngineLimits = {
  concurrencyMax: 16,
  tickMs: 1_000,
  lockTtlMs,
  renewEveryMs: lockTtlMs / 3,
  stepDeadlineMs: 2 * 60_000,
  abortGraceMs: 5_000,
}

/** How long a write is tried again while MongoDB does not answer; the claim holds at least so long. */
const writeRetryMs = 250

export interface PhaseEngineOptions<Document extends PhaseDocument> {
  readonly database: Database
  readonly watcher: Watcher
  readonly clock: Clock
  readonly log: Log
  readonly machine: Machine<Document>
  /** The collection of `sys_db` that holds the documents. */
  readonly collection: string
  /** Names this process across its restarts, so that what it held when it was killed is taken up at once. */
  readonly holder: string
  readonly observe?: ((event: EngineEvent) => void | Promise<void>) | undefined
  /** Runs after each write that moved a document or removed it, before anything else happens to it. */
  readonly onMoved?: ((before: Document, after: Document | undefined) => Promise<void>) | undefined
  readonly limits?: Partial<EngineLimits> | undefined
  /** Which documents this process moves, as a filter of MongoDB that is read at each claim; absent: all. */
  readonly only?: (() => BsonDocument) | undefined
}

export function createPhaseEngine<Document extends PhaseDocument>(options: PhaseEngineOptions<Document>): PhaseEngine {
  return new DefaultPhaseEngine(options)
}

class DefaultPhaseEngine<Document extends PhaseDocument> implements PhaseEngine {
  readonly #options: PhaseEngineOptions<Document>
  readonly #limits: EngineLimits
  readonly #claims: ClaimStore<Document>
  readonly #stopping = new AbortController()
  readonly #inFlight = new Map<string, Promise<void>>()
  #ending: (() => void)[] = []
  #ticking: Promise<void> | undefined
  #claiming: Promise<void> | undefined
  #isWoken = false
  #claimError: string | undefined

  constructor(options: PhaseEngineOptions<Document>) {
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#claims = createClaimStore<Document>({
      collection: options.database.sys.collection<Document>(options.collection),
      pairs: actionablePairs(options.machine),
      holder: options.holder,
      lockTtlMs: this.#limits.lockTtlMs,
      only: options.only,
    })
  }

  async start(): Promise<void> {
    await this.#claims.releaseHeldBefore()
    const { watcher, collection } = this.#options
    const wake = () => this.wake()
    this.#ending = [watcher.on({ scope: 'sys', collection }, wake), watcher.onGap(wake)]
    this.#ticking = this.#tick()
  }

  wake(): void {
    this.#isWoken = true
    if (this.#stopping.signal.aborted || !this.#ticking) return
    this.#claiming ??= this.#claimAll().finally(() => {
      this.#claiming = undefined
      if (this.#isWoken && this.#inFlight.size < this.#limits.concurrencyMax) this.wake()
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The engine stops.'))
    for (const end of this.#ending) end()
    await this.#ticking
    await this.#claiming
    await Promise.all(this.#inFlight.values())
  }

  status(): EngineStatus {
    return { isRunning: this.#ticking !== undefined && !this.#stopping.signal.aborted, inFlight: [...this.#inFlight.keys()], claimError: this.#claimError }
  }

  readDepth(): Promise<QueueDepth> {
    return this.#claims.readDepth()
  }

  async #tick(): Promise<void> {
    // The first round starts once `start` has set everything up.
    await Promise.resolve()
    while (!this.#stopping.signal.aborted) {
      this.wake()
      await this.#options.clock.sleepMs(this.#limits.tickMs, this.#stopping.signal).catch(() => {})
    }
  }

  /** Claims until nothing is due or no more may run. A claim that fails leaves the rest to the next tick. */
  async #claimAll(): Promise<void> {
    while (!this.#stopping.signal.aborted && this.#inFlight.size < this.#limits.concurrencyMax) {
      this.#isWoken = false
      const held = await this.#claim()
      if (!held) return
      const run = this.#run(held).finally(() => {
        this.#inFlight.delete(held._id)
        this.wake()
      })
      this.#inFlight.set(held._id, run)
    }
  }

  async #claim(): Promise<Document | undefined> {
    try {
      const held = await this.#claims.claim([...this.#inFlight.keys()])
      this.#claimError = undefined
      return held
    } catch (error) {
      // Told once, not every second, for as long as MongoDB is away.
      if (this.#claimError === undefined) this.#options.log.warn({ error }, `Documents of ${this.#options.collection} cannot be claimed for now`)
      this.#claimError = String(error)
      return undefined
    }
  }

  /** Runs the claimed document's step, and the next ones under the same claim for as long as it gets further at once. */
  async #run(claimed: Document): Promise<void> {
    try {
      let held: Document | undefined = claimed
      await this.#tell({ type: 'claimed', id: claimed._id, fence: claimed.fence, waitedMs: waitedMs(claimed) })
      while (held) held = await this.#moveOn(held)
    } catch (error) {
      // The claim runs out by itself, and the document is taken up again.
      this.#options.log.error({ error, id: claimed._id }, `A document of ${this.#options.collection} is left to the next holder`)
    }
  }

  /** @returns the document, still held, when it may go further at once. */
  async #moveOn(held: Document): Promise<Document | undefined> {
    const step = this.#stopping.signal.aborted ? undefined : findStep(this.#options.machine, held)
    if (!step) return this.#release(held)
    const { clock } = this.#options
    const startedMs = clock.monotonicMs()
    const outcome = await runStep({ held, step, claims: this.#claims, clock, stopSignal: this.#stopping.signal, limits: this.#limits })
    if (outcome.kind === 'lost') return this.#lose(held)
    if (outcome.kind === 'stopped') return this.#release(held)
    if (outcome.kind === 'failed') return this.#fail(held, outcome.error)
    await this.#tell({
      type: 'decided',
      id: held._id,
      fence: held.fence,
      decision: outcome.decision as Decision<never>,
      elapsedMs: clock.monotonicMs() - startedMs,
    })
    return this.#carryOut(held, outcome.decision)
  }

  async #carryOut(held: Document, decision: Decision<Document>): Promise<Document | undefined> {
    const keep = decision.kind === 'advance' && findStep(this.#options.machine, { phase: decision.phase, state: held.state }) !== undefined
    const written = await this.#persist(() => this.#claims.decide(held, decision, { keep }))
    if (written.outcome === 'lost') return this.#lose(held)
    if (decision.kind === 'tryAgain') this.#wakeAfter(decision.afterMs)
    else await this.#options.onMoved?.(held, written.document)
    await this.#tell({ type: 'written', id: held._id, fence: held.fence, decision: decision as Decision<never> })
    return keep ? written.document : undefined
  }

  async #fail(held: Document, error: unknown): Promise<undefined> {
    const attempts = held.attempts + 1
    const failure = describeFailure(error)
    this.#options.log.warn({ error, id: held._id, phase: held.phase, attempts }, `A step of ${this.#options.collection} failed`)
    const isStalled = attempts >= attemptsBeforeStalled
    const written = await this.#persist(() => this.#claims.fail(held, { ...failure, nextAttemptAfterMs: backoffMs(attempts), isStalled }))
    if (written.outcome === 'lost') return this.#lose(held)
    await this.#tell({ type: 'failed', id: held._id, fence: held.fence, attempts, code: failure.code })
    return undefined
  }

  async #release(held: Document): Promise<undefined> {
    const written = await this.#persist(() => this.#claims.release(held))
    await this.#tell({ type: written.outcome === 'lost' ? 'lost' : 'released', id: held._id, fence: held.fence })
    return undefined
  }

  async #lose(held: Document): Promise<undefined> {
    await this.#tell({ type: 'lost', id: held._id, fence: held.fence })
    return undefined
  }

  /** A step's work is done, so its result is not given up while MongoDB restarts: the fence keeps a late write harmless. */
  async #persist(write: () => Promise<Written<Document>>): Promise<Written<Document>> {
    const { clock } = this.#options
    const startedMs = clock.monotonicMs()
    for (;;) {
      try {
        return await write()
      } catch (error) {
        if (this.#stopping.signal.aborted || clock.monotonicMs() - startedMs > this.#limits.lockTtlMs) throw error
        await clock.sleepMs(writeRetryMs, this.#stopping.signal).catch(() => {})
      }
    }
  }

  /** The tick alone would make a short wait as long as itself. */
  #wakeAfter(ms: number): void {
    if (ms >= this.#limits.tickMs) return
    this.#options.clock.sleepMs(ms, this.#stopping.signal).then(
      () => this.wake(),
      () => {},
    )
  }

  async #tell(event: EngineEvent): Promise<void> {
    await this.#options.observe?.(event)
  }
}

/** The claim itself wrote `lockedAt`; what a document waited for before it was due does not count. */
function waitedMs({ lockedAt, updatedAt, nextAttemptAt }: PhaseDocument): number {
  return Math.max(0, lockedAt.getTime() - Math.max(updatedAt.getTime(), nextAttemptAt.getTime()))
}
