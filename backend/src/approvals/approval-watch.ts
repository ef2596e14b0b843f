import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Approvals } from './approvals.ts'

/** Ends what waits too long, or for nothing any more, though nobody asks. Every backend may do so: the first to write wins. */
export interface ApprovalWatch {
  start(): void
  stop(): Promise<void>
}

const lookEveryMs = 1_000

export function createApprovalWatch({ approvals, clock, log }: { approvals: Pick<Approvals, 'sweep'>; clock: Clock; log: Log }): ApprovalWatch {
  const stopping = new AbortController()
  let watching: Promise<void> | undefined
  const watch = async () => {
    while (!stopping.signal.aborted) {
      await approvals.sweep().catch((error: unknown) => log.warn({ error }, 'What waits for approval could not be looked through'))
      await clock.sleepMs(lookEveryMs, stopping.signal).catch(() => {})
    }
  }
  return {
    start() {
      watching ??= watch()
    },
    async stop() {
      stopping.abort()
      await watching
    },
  }
}
