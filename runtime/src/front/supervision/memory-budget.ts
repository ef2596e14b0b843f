import { totalmem } from 'node:os'

/** What the budget needs to know of the workers of an environment. */
export interface MemoryHolder {
  readonly rssBytes: number
  /** Nothing runs in them and nothing waits for them. */
  readonly isQuiet: boolean
  readonly usedAtMs: number
}

const bytesPerMb = 1024 * 1024
// MongoDB, the backend and the front may stand on the same machine.
const machineShare = 0.6

/** A share of what this process may use: of its container, where it has one, else of the machine. */
export function defaultMemoryBudgetMb(): number {
  const constrained = process.constrainedMemory()
  const bytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.floor((bytes * machineShare) / bytesPerMb)
}

/** Those that must leave so that the rest fits again: the least recently used first, and none that is at work. Their next request brings them back. */
export function pickForRoom<Holder extends MemoryHolder>(holders: Iterable<Holder>, budgetMb: number): Holder[] {
  const all = [...holders]
  let rest = all.reduce((sum, { rssBytes }) => sum + rssBytes, 0) - budgetMb * bytesPerMb
  const picked: Holder[] = []
  for (const holder of all.filter(({ isQuiet, rssBytes }) => isQuiet && rssBytes > 0).sort((a, b) => a.usedAtMs - b.usedAtMs)) {
    if (rest <= 0) break
    rest -= holder.rssBytes
    picked.push(holder)
  }
  return picked
}
