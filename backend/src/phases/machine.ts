import { type Phase, phases, type State, states } from '@imprun/contracts'
import { type PassingStep, type Rest, rest, type Step } from './decisions.ts'
import type { PhaseDocument } from './phase-document.ts'

/** Who moves a document in each phase, for each wish. A pair without an owner does not compile. */
export type Machine<Document extends PhaseDocument> = Readonly<Record<Phase, Readonly<Record<State, Step<Document> | Rest>>>>

export interface Pair {
  readonly phase: Phase
  readonly state: State
}

/** The pairs where the wish is met and nobody has work to do. */
export const restingPairs = <Document extends PhaseDocument>(machine: Machine<Document>): readonly Pair[] =>
  phases.flatMap((phase) => states.filter((state) => machine[phase][state] === rest).map((state) => ({ phase, state })))

/** @returns undefined for a pair at rest, and for one that this version does not know. */
export function findStep<Document extends PhaseDocument>(machine: Machine<Document>, { phase, state }: Pair): Step<Document> | undefined {
  const step = machine[phase]?.[state]
  return step === rest ? undefined : step
}

/** Where a document comes to that arrives in a phase: beyond those in which there is nothing to do but move on. @returns the phases, the first one included */
export function phasesPassed<Document extends PhaseDocument>(machine: Machine<Document>, { phase, state }: Pair): readonly [Phase, ...Phase[]] {
  const passed: [Phase, ...Phase[]] = [phase]
  for (let at = phase; passed.length <= phases.length; ) {
    const step = findStep(machine, { phase: at, state })
    if (!step || !isPassing(step)) break
    at = step.to
    passed.push(at)
  }
  return passed
}

const isPassing = (step: object): step is PassingStep => 'to' in step
