import type { LaunchTimings } from './runtime-launcher.ts'

export interface DriverTimings extends LaunchTimings {
  readonly healthEveryMs: number
  /** A runtime that leaves a ping unanswered for so long hangs, and is killed. */
  readonly hangsAfterMs: number
  readonly syncTimeoutMs: number
  readonly assignTimeoutMs: number
  readonly restartMinMs: number
  readonly restartMaxMs: number
  /** One that has served for so long was healthy: its next restart does not wait. */
  readonly healthyAfterMs: number
}

export const defaultTimings: DriverTimings = {
  startTimeoutMs: 20_000,
  helloTimeoutMs: 3_000,
  drainTimeoutMs: 15_000,
  killGraceMs: 3_000,
  healthEveryMs: 2_000,
  hangsAfterMs: 5_000,
  syncTimeoutMs: 60_000,
  assignTimeoutMs: 30_000,
  restartMinMs: 100,
  restartMaxMs: 10_000,
  healthyAfterMs: 10_000,
}
