import { type CanaryCalls, canaryCallsMin } from '@imprun/contracts'
import type { FunctionEntry } from '../environment.ts'
import type { Tally } from './canary.ts'

/** A call that somebody waits for. */
export interface OpenCall {
  /** By `performance.now()`. */
  readonly arrivedAtMs: number
  /** Its answer is on its way: a stream may last as long as it likes. */
  readonly hasBegun: boolean
}

/** How long calls of one version took that went well. */
export interface Usual {
  version: string
  calls: number
  slowestMs: number
}

/** Nobody is called late before this, so that a machine that stands still for a moment makes no candidate fail. */
const lateMsMin = 2_000

export function noteUsual(entry: FunctionEntry, durationMs: number): void {
  let { usual } = entry
  if (usual === undefined || usual.version !== entry.version) {
    usual = { version: entry.version, calls: 0, slowestMs: 0 }
    entry.usual = usual
  }
  usual.calls += 1
  if (durationMs > usual.slowestMs) usual.slowestMs = durationMs
}

/**
 * A candidate that hangs tells of its failures only when its calls reach their timeouts, which is far too late. So a call that takes much longer than any did
 * with the version that serves counts as failed until it ends. Where too few are known of that one, nothing is late.
 */
export function lateAfterMs(stable: FunctionEntry | undefined): number {
  const { usual } = stable ?? {}
  return usual === undefined || usual.calls < canaryCallsMin ? Number.POSITIVE_INFINITY : Math.max(lateMsMin, 2 * usual.slowestMs)
}

/** What one side came to, with those of its calls that are late now. */
export function countWithLate({ calls, failed, open }: Tally, lateMs: number, nowMs: number): CanaryCalls {
  let late = 0
  for (const { arrivedAtMs, hasBegun } of open) if (!hasBegun && nowMs - arrivedAtMs > lateMs) late += 1
  return { calls: calls + late, failed: failed + late }
}
