import type { Phase } from '@imprun/contracts'
import type { PhaseDocument } from './phase-document.ts'

/** The fields that a step may set: the document's own, never the engine's bookkeeping. An `undefined` removes the field. */
export type OwnFields<Document> = { [Field in Exclude<keyof Document, keyof PhaseDocument>]?: Document[Field] | undefined }

export interface Advance<Document extends PhaseDocument> {
  readonly kind: 'advance'
  readonly phase: Phase
  readonly set: OwnFields<Document>
  /** Nothing is to be done there yet: it is looked at after so long, or when it is nudged. */
  readonly waitMs?: number
}

/** What a step wants to happen. Only the engine writes. */
export type Decision<Document extends PhaseDocument> =
  | Advance<Document>
  | { readonly kind: 'tryAgain'; readonly afterMs: number; readonly waitsFor: string }
  | { readonly kind: 'remove' }

export interface StepContext {
  /** Fires when the engine stops, the claim is lost or the step's deadline has passed. */
  readonly signal: AbortSignal
  /** The claim's fence. Every side effect that can carry it does. */
  readonly fence: number
  /**
   * Renews the claim. Called before a side effect that cannot carry the fence.
   * @returns for how many milliseconds it is certain to be held: the effect is given up if it is not on its way by then, which may be when this process
   * has stood still.
   * @throws ClaimLostError when another holder has taken over.
   */
  confirm(): Promise<number>
}

/**
 * Looks at a document, does its small part of the work and says what is next. It may be killed between any two lines and is then run again, so all it
 * does is safe to repeat. What it throws becomes the document's `lastError`.
 */
export type Step<Document extends PhaseDocument> = (document: Document, context: StepContext) => Decision<Document> | Promise<Decision<Document>>

/** The owner of a pair where the wish is met: the document is left alone and costs nothing. */
export const rest = 'rest'
export type Rest = typeof rest

/** The work of this phase is done. */
export const advanceTo = <Document extends PhaseDocument>(phase: Phase, set: OwnFields<Document> = {}): Decision<Document> => ({ kind: 'advance', phase, set })

/** The work of this phase is done, and what the next one waits for has only begun. It will be nudged, or looked at after the time given. */
export const advanceAndWait = (phase: Phase, waitMs: number): Decision<never> => ({ kind: 'advance', phase, set: {}, waitMs })

/**
 * Not done yet and not failed: waits for something that will nudge the document, or for the time given. A wait that lasts too long is told to the owner.
 * @param waitsFor completes "This waits for ..."
 */
export const tryAgainAfterMs = (afterMs: number, waitsFor = 'what it depends on'): Decision<never> => ({ kind: 'tryAgain', afterMs, waitsFor })

/** Nothing is left of it: the document goes too. */
export const remove: Decision<never> = { kind: 'remove' }

/** A step with no work but to move on: the engine does so in the write that comes to it. */
export interface PassingStep {
  (): Decision<never>
  readonly to: Phase
}
export const goTo = (phase: Phase): PassingStep => Object.assign(() => advanceTo<never>(phase), { to: phase })
