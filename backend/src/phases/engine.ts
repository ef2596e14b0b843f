import type { State } from '@imprun/contracts'
import type { Document as BsonDocument } from 'mongodb'
import type { Database } from '../database/database.ts'
import type { Change, Watcher } from '../database/watcher.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { attemptsBeforeStalled, backoffMs } from './backoff.ts'
import { ClaimLoop } from './claim-loop.ts'
import { type ClaimStore, createClaimStore, lockTtlMs, waitDeadlineMs } from './claims.ts'
import type { Advance, Decision } from './decisions.ts'
import { findStep, type Machine, phasesPassed, restingPairs } from './machine.ts'
import { epoch, type PhaseDocument } from './phase-document.ts'
import type { QueueDepth } from './queue-depth.ts'
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
  /** How long a step may wait in one phase before its document is called stalled. */
  readonly waitDeadlineMs: number
}

export const defaultLimits: EngineLimits = {
  // As many as one claim takes; steps mostly wait for MongoDB, and those in flight together share their nudges.
  concurrencyMax: 32,
  tickMs: 1_000,
  waitDeadlineMs,
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
  /** Runs when the engine lets go of a document that it has moved or removed, however far. */
  readonly onMoved?: ((before: Document) => Promise<void>) | undefined
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
  readonly #loop: ClaimLoop<Document>
  #ending: (() => void)[] = []

  constructor(options: PhaseEngineOptions<Document>) {
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#claims = createClaimStore<Document>({
      collection: options.database.sys.collection<Document>(options.collection),
      holder: options.holder,
      lockTtlMs: this.#limits.lockTtlMs,
      waitDeadlineMs: this.#limits.waitDeadlineMs,
      only: options.only,
    })
    this.#loop = new ClaimLoop<Document>({
      ...this.#limits,
      clock: options.clock,
      log: options.log.child({ part: options.collection }),
      stopSignal: this.#stopping.signal,
      claim: (exceptIds) => this.#claims.claim(exceptIds),
      claimSeveral: (atMost, exceptIds) => this.#claims.claimSeveral(atMost, exceptIds),
      run: (claimed) => this.#run(claimed),
    })
  }

  async start(): Promise<void> {
    await this.#claims.releaseHeldBefore()
    await this.#claims.settle(restingPairs(this.#options.machine))
    const { watcher, collection } = this.#options
    const wake = () => this.wake()
    // Most changes are an engine's own writes: they are no reason to look, which costs a command.
    const wakeIfDue = ({ document }: Change) => {
      if (document !== undefined && isDueAtOnce(document)) wake()
    }
    this.#ending = [watcher.on({ scope: 'sys', collection }, wakeIfDue), watcher.onGap(wake)]
    this.#loop.start()
  }

  wake(): void {
    this.#loop.wake()
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The engine stops.'))
    for (const end of this.#ending) end()
    await this.#loop.ended()
  }

  status(): EngineStatus {
    const { isStarted, inFlight, claimError } = this.#loop
    return { isRunning: isStarted && !this.#stopping.signal.aborted, inFlight, claimError }
  }

  readDepth(): Promise<QueueDepth> {
    return this.#claims.readDepth()
  }

  /** Runs the claimed document's step, and the next ones under the same claim for as long as it gets further at once. */
  async #run(claimed: Document): Promise<void> {
    try {
      let held: Document | undefined = claimed
      await this.#tell({ type: 'claimed', id: claimed._id, fence: claimed.fence, waitedMs: waitedMs(claimed) })
      const moves: Moves = { count: 0 }
      while (held) held = await this.#moveOn(held, moves)
      if (moves.count > 0) await this.#persist(async () => this.#options.onMoved?.(claimed))
    } catch (error) {
      // The claim runs out by itself, and the document is taken up again.
      this.#options.log.error({ error, id: claimed._id }, `A document of ${this.#options.collection} is left to the next holder`)
    }
  }

  /** @returns the document, still held, when it may go further at once. */
  async #moveOn(held: Document, moves: Moves): Promise<Document | undefined> {
    const step = findStep(this.#options.machine, held)
    if (!step || this.#stopping.signal.aborted) return this.#release(held, { isAtRest: step === undefined })
    const { clock } = this.#options
    const startedMs = clock.monotonicMs()
    const outcome = await runStep({ held, step, claims: this.#claims, clock, stopSignal: this.#stopping.signal, limits: this.#limits })
    if (outcome.kind === 'lost') return this.#lose(held)
    if (outcome.kind === 'stopped') return this.#release(held, { isAtRest: false })
    if (outcome.kind === 'failed') return this.#fail(held, outcome.error)
    await this.#tell({
      type: 'decided',
      id: held._id,
      fence: held.fence,
      decision: outcome.decision as Decision<never>,
      elapsedMs: clock.monotonicMs() - startedMs,
    })
    return this.#carryOut(held, outcome.decision, moves)
  }

  async #carryOut(held: Document, decision: Decision<Document>, moves: Moves): Promise<Document | undefined> {
    const { machine } = this.#options
    const decisions = decision.kind === 'advance' ? passingOn(machine, decision, held.state) : [decision]
    const last = decisions.at(-1) ?? decision
    const hasStep = last.kind === 'advance' && findStep(machine, { phase: last.phase, state: held.state }) !== undefined
    const keep = hasStep && last.waitMs === undefined
    const written = await this.#persist(() => this.#claims.decide(held, last, { keep }))
    if (written.outcome === 'lost') return this.#lose(held)
    if (decision.kind === 'tryAgain') this.#loop.wakeAfter(decision.afterMs)
    else moves.count++
    for (const each of decisions) await this.#tell({ type: 'written', id: held._id, fence: held.fence, decision: each as Decision<never> })
    return written.document
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

  async #release(held: Document, options: { isAtRest: boolean }): Promise<undefined> {
    const written = await this.#persist(() => this.#claims.release(held, options))
    await this.#tell({ type: written.outcome === 'lost' ? 'lost' : 'released', id: held._id, fence: held.fence })
    return undefined
  }

  async #lose(held: Document): Promise<undefined> {
    await this.#tell({ type: 'lost', id: held._id, fence: held.fence })
    return undefined
  }

  /** A step's work is done, so its result is not given up while MongoDB restarts: the fence keeps a late write harmless. */
  async #persist<Result>(write: () => Promise<Result>): Promise<Result> {
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

  async #tell(event: EngineEvent): Promise<void> {
    await this.#options.observe?.(event)
  }
}

/** Where nothing is done but to move on, what a step decides is carried further in the same write. */
const passingOn = <Document extends PhaseDocument>(machine: Machine<Document>, decision: Advance<Document>, state: State): Advance<Document>[] =>
  phasesPassed(machine, { phase: decision.phase, state }).map((phase) => ({ ...decision, phase }))

/** A claim would find it now; what waits for its time is found by the tick. */
function isDueAtOnce({ lockedAt, nextAttemptAt }: Record<string, unknown>): boolean {
  return [lockedAt, nextAttemptAt].every((at) => at instanceof Date && at.getTime() === epoch.getTime())
}

/** How often the document was moved under one claim. */
interface Moves {
  count: number
}

/** The claim itself wrote `lockedAt`; what a document waited for before it was due does not count. */
function waitedMs({ lockedAt, updatedAt, nextAttemptAt }: PhaseDocument): number {
  return Math.max(0, lockedAt.getTime() - Math.max(updatedAt.getTime(), nextAttemptAt.getTime()))
}
