import { readdirSync } from 'node:fs'
import { setPriority } from 'node:os'

/** A share that has the weight of an undisturbed process: the one that environments have unless their owners say otherwise. */
const undisturbedMillicores = 500
/** A step of niceness is a fifth less of the processor than the one before, where several want it (sched(7)). */
const stepRatio = 1.25
const nicenessMax = 19

/** The niceness whose weight, where processors are short, is to that of an undisturbed process as the share is to its share. Nobody is given more than that. */
export const nicenessOf = (millicores: number): number =>
  millicores >= undisturbedMillicores ? 0 : Math.min(nicenessMax, Math.round(Math.log(undisturbedMillicores / millicores) / Math.log(stepRatio)))

/** Has a process give way to others by its share of a core. It uses what nobody else wants; it can not be given more than it had before. */
export function yieldBeyondShare(pid: number, millicores: number): void {
  const niceness = nicenessOf(millicores)
  if (niceness === 0) return
  for (const task of tasksOf(pid)) {
    try {
      setPriority(task, niceness)
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Linux counts niceness by thread, and a thread that begins later has that of the one that began it. */
function tasksOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    return [pid]
  }
}
