import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { createRepeated, type Repeated } from '../platform/repeated.ts'
import type { Approvals } from './approvals.ts'

const lookEveryMs = 1_000

/** Ends what waits too long, or for nothing any more, though nobody asks. Every backend may do so: the first to write wins. */
export const createApprovalWatch = ({ approvals, clock, log }: { approvals: Pick<Approvals, 'sweep'>; clock: Clock; log: Log }): Repeated =>
  createRepeated(() => approvals.sweep(), {
    everyMs: lookEveryMs,
    clock,
    onError: (error) => log.warn({ error }, 'What waits for approval could not be looked through'),
  })
