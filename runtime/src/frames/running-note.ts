/**
 * What a worker's watchdog writes on standard error, a line each, when a function has been in its isolate for clearly longer than usual and when that is
 * over: the frame socket belongs to the thread that may hang. `imprun-running <function index> <call id>`; the index is -1 when nothing runs, the id 0 when it
 * is no call (a timer, a result that arrived).
 */
export const runningNotePrefix = 'imprun-running'

export interface RunningNote {
  functionIndex: number
  /** The front's id. */
  callId: number
}

/** @returns what the last note says; undefined when there is none, or when it says that nothing ran */
export function readRunningNote(errorOutput: string): RunningNote | undefined {
  const last = [...errorOutput.matchAll(/^imprun-running (-?\d+) (\d+)$/gm)].at(-1)
  if (last === undefined || last[1] === '-1') return undefined
  return { functionIndex: Number(last[1]), callId: Number(last[2]) }
}
