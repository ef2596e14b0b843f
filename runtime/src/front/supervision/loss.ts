import type { RunningNote } from '../../frames/running-note.ts'
import type { Call, Load } from './call.ts'
import type { WorkerFault } from './worker-watch.ts'

/** exited: by itself or killed by somebody else. broken: it could not be bound. */
export type LossReason = 'exited' | 'broken' | WorkerFault

export interface Verdict {
  /** The number of the function that caused the loss, when that is known. */
  functionIndex: number | undefined
  /** The call that caused it. */
  call: Call | undefined
  load: Load | undefined
  /** For the function's author. */
  text: string
}

const texts: Record<LossReason, string> = {
  silent: 'The function hung in something that no time limit stops, and its process was killed.',
  outgrown: 'The function took more memory than its process may have, and the process was killed.',
  spinning: 'The function used a processor up while nobody called it, and its process was killed.',
  exited: 'The process died while the function ran.',
  broken: 'The process could not be used.',
}

/**
 * Who caused the loss of a worker: whoever the worker's own note names. Without a note it is known only when a single function was in it; of several that
 * were, most are innocent, and nobody is blamed.
 */
export function judgeLoss(reason: LossReason, note: RunningNote | undefined, calls: readonly Call[], loads: readonly Load[]): Verdict {
  const inIt = new Set([...calls.map(({ entry }) => entry.index), ...loads.map(({ entry }) => entry.index)])
  const only = inIt.size === 1 && reason !== 'broken' ? [...inIt][0] : undefined
  const functionIndex = note?.functionIndex ?? only
  return {
    functionIndex,
    call: note === undefined ? undefined : calls.find(({ id }) => id === note.callId),
    // Of two versions of it the newer one: it came last and has never run.
    load: loads.findLast(({ entry }) => entry.index === functionIndex),
    text: texts[reason],
  }
}
