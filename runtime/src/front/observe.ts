import type { LossReason } from './supervision/loss.ts'

/** What happens inside a front, for metrics and tests. Observers must not throw. */
export type FrontEvent =
  | { type: 'spare-ready'; pid: number; startMs: number }
  | { type: 'worker-bound'; environment: string; pid: number }
  | { type: 'worker-retired'; environment: string; pid: number }
  /** `running` names the functions that had a call in flight: who is to blame is decided by whoever listens. */
  | {
      type: 'worker-lost'
      environment: string
      pid: number
      reason: LossReason
      resent: number
      failed: number
      running: readonly string[]
    }
  | { type: 'quarantined'; environment: string; name: string; version: string; reason: string }
  /** `tookMs`: from the moment its document was here until it served. */
  | { type: 'applied'; environment: string; name: string; revision: number; outcome: 'swapped' | 'refused' | 'removed'; at: Date; tookMs: number }
  | { type: 'acknowledged'; environment: string; revision: number }
  | { type: 'bell'; gatewayId: string; state: 'live' | 'deaf' }
  | { type: 'schedule'; environment: string; name: string; outcome: 'fired' | 'skipped' | 'missed'; dueAt: Date }
  | { type: 'logs-dropped'; gatewayDatabase: string; count: number }
export type Observe = (event: FrontEvent) => void
