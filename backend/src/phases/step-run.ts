import type { Clock } from '../platform/clock.ts'
import type { ClaimStore } from './claims.ts'
import type { Decision, Step } from './decisions.ts'
import type { PhaseDocument } from './phase-document.ts'

export interface StepLimits {
  readonly renewEveryMs: number
  /** A claim that could not be renewed for so long counts as lost, even when the database does not answer. */
  readonly lockTtlMs: number
  readonly stepDeadlineMs: number
  /** How long a step may take to heed its signal; then its result is not waited for any more. */
  readonly abortGraceMs: number
}

export type StepOutcome<Document extends PhaseDocument> =
  | { readonly kind: 'decided'; readonly decision: Decision<Document> }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The engine stops: not the step's fault. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'lost' }

export class ClaimLostError extends Error {
  override readonly name = 'ClaimLostError'
  constructor() {
    super('Another holder has taken over this document.')
  }
}

export class StepDeadlineError extends Error {
  override readonly name = 'StepDeadlineError'
  constructor(ms: number) {
    super(`The step did not finish within ${ms / 1000} s.`)
  }
}

/** Runs one step of a claimed document under a signal, and renews its claim meanwhile. Never throws. */
export async function runStep<Document extends PhaseDocument>(options: {
  held: Document
  step: Step<Document>
  claims: Pick<ClaimStore<Document>, 'renew'>
  clock: Clock
  stopSignal: AbortSignal
  limits: StepLimits
}): Promise<StepOutcome<Document>> {
  const { held, step, claims, clock, stopSignal, limits } = options
  const over = new AbortController()
  const interruption = new AbortController()
  const signal = AbortSignal.any([stopSignal, interruption.signal])
  const confirm = async () => {
    const askedAtMs = clock.monotonicMs()
    const isHeld = await claims.renew(held)
    // A process that stood still while the answer was on its way knows by its own clock that the answer is too old to act on.
    const certainMs = limits.lockTtlMs - (clock.monotonicMs() - askedAtMs)
    if (!isHeld || certainMs <= 0) {
      interruption.abort(new ClaimLostError())
      throw new ClaimLostError()
    }
    signal.throwIfAborted()
    return certainMs
  }
  try {
    const started = step(held, { signal, fence: held.fence, confirm })
    if (!(started instanceof Promise)) return { kind: 'decided', decision: started }
    started.catch(() => {})
    void keepRenewed({ ...options, interruption, over: over.signal })
    void clock.sleepMs(limits.stepDeadlineMs, over.signal).then(
      () => interruption.abort(new StepDeadlineError(limits.stepDeadlineMs)),
      () => {},
    )
    return { kind: 'decided', decision: await Promise.race([started, abandoned(signal, over.signal, clock, limits.abortGraceMs)]) }
  } catch (error) {
    return explain(error, interruption.signal, stopSignal)
  } finally {
    over.abort()
  }
}

function explain(error: unknown, interruption: AbortSignal, stopSignal: AbortSignal): Exclude<StepOutcome<never>, { kind: 'decided' }> {
  if (interruption.reason instanceof ClaimLostError) return { kind: 'lost' }
  if (interruption.aborted) return { kind: 'failed', error: interruption.reason }
  return stopSignal.aborted ? { kind: 'stopped' } : { kind: 'failed', error }
}

async function keepRenewed<Document extends PhaseDocument>(options: {
  held: Document
  claims: Pick<ClaimStore<Document>, 'renew'>
  clock: Clock
  limits: StepLimits
  interruption: AbortController
  over: AbortSignal
}): Promise<void> {
  const { held, claims, clock, limits, interruption, over } = options
  let renewedAtMs = clock.monotonicMs()
  for (;;) {
    await clock.sleepMs(limits.renewEveryMs, over).catch(() => {})
    if (over.aborted) return
    const isHeld = await claims.renew(held).catch(() => undefined)
    if (isHeld) renewedAtMs = clock.monotonicMs()
    if (isHeld === false || clock.monotonicMs() - renewedAtMs >= limits.lockTtlMs) return interruption.abort(new ClaimLostError())
  }
}

/** Rejects some time after the signal has fired, when the step has not heeded it. */
async function abandoned(signal: AbortSignal, over: AbortSignal, clock: Clock, graceMs: number): Promise<never> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
    over.addEventListener('abort', () => resolve(), { once: true })
  })
  await clock.sleepMs(graceMs, over).catch(() => {})
  throw signal.reason ?? new Error('The step is over.')
}
