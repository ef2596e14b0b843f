import type { StoredSchedule } from '@imprun/contracts'
import type { LogMessage } from '../../frames/frames.ts'
import type { Environment } from '../environment.ts'
import { type CallTaker, InternalCallError, newInternalRequestId, startInternalCall } from '../supervision/internal-call.ts'

export interface RunPorts {
  calls: CallTaker
  onLog(environment: Environment, message: LogMessage): void
}

const scheduleHeader = 'x-imprun-schedule'
const deadlineGraceMs = 100

/** One run of a function at a due time: a POST that tells which. It never throws; what went wrong is in the function's log. */
export async function runScheduled({ calls, onLog }: RunPorts, environment: Environment, due: StoredSchedule): Promise<void> {
  const entry = environment.functions.get(due.name)
  if (entry === undefined) return
  const scheduledAt = due.nextAt.toISOString()
  const requestId = newInternalRequestId()
  const { answer } = startInternalCall(calls, {
    environment,
    entry,
    trigger: 'schedule',
    method: 'POST',
    path: `/${due.name}`,
    headers: { 'content-type': 'application/json', [scheduleHeader]: scheduledAt },
    body: JSON.stringify({ scheduledAt, schedule: due.cron }),
    requestId,
    deadlineAtMs: performance.now() + environment.timeoutMsOf(entry.limits) + deadlineGraceMs,
    answerBytesMax: environment.limits.responseBytesMax,
  })
  const failure = await answer.then(
    ({ status }) => (status < 400 ? undefined : `answered ${status}`),
    (error: unknown) => (error instanceof InternalCallError ? `failed: ${error.message}` : 'failed'),
  )
  if (failure === undefined) return
  const { index, version } = entry
  onLog(environment, { index, version, requestId, level: 'error', message: `The run scheduled for ${scheduledAt} ${failure}`, at: Date.now() })
}
