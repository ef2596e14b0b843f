import { findFreePort, isPortFree } from '../../platform/ports.ts'
import { portsExhausted } from './driver-errors.ts'
import type { PortLease, PortLeases } from './port-leases.ts'

export interface PortRange {
  /** The edge port; 0 asks the system for any free one. */
  readonly first: number
  readonly count: number
}

/** How often the system is asked for a free port; each answer is leased by nobody else unless two backends race. */
const anyPortAttempts = 5

/**
 * Leases a port that is free right now: first the one before, so that addresses stay, then the edge port, then the rest of the range.
 * @throws ImprunError PORTS_EXHAUSTED
 */
export async function leasePort(leases: PortLeases, holder: string, range: PortRange, before: number | undefined): Promise<PortLease> {
  for await (const port of candidates(range, before)) {
    const lease = await leases.take(port, holder)
    if (!lease) continue
    if (await isPortFree(port)) {
      await leases.releaseOthers(holder, port)
      return lease
    }
    // Somebody outside imprun listens there.
    await leases.release(lease)
  }
  throw portsExhausted(range)
}

async function* candidates({ first, count }: PortRange, before: number | undefined): AsyncGenerator<number> {
  if (first === 0) {
    if (before !== undefined) yield before
    for (let attempt = 0; attempt < anyPortAttempts; attempt++) yield await findFreePort()
    return
  }
  const range = Array.from({ length: count }, (_, index) => first + index).filter((port) => port <= 65_535)
  yield* range
}
