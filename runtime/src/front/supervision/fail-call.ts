import type { LogMessage } from '../../frames/frames.ts'
import type { Environment } from '../environment.ts'
import type { Call } from './call.ts'

const texts = {
  FUNCTION_TIMED_OUT: 'The call took longer than its time limit and was ended.',
  FUNCTION_FAILED: 'The call took its process down.',
  WORKER_LOST: 'The process that ran this call was lost: killed from outside, out of memory, or hanging in something that no time limit stops.',
} as const

/** Ends a call that the worker can say nothing about any more, so its author reads the reason in the log from here. */
export type FailCall = (call: Call, code: keyof typeof texts, message?: string) => void

export const createFailCall =
  (environment: Environment, onLog: (environment: Environment, message: LogMessage) => void): FailCall =>
  (call, code, message = texts[code]) => {
    const { index, version } = call.entry
    onLog(environment, { index, version, requestId: call.requestId, level: 'error', message, at: Date.now() })
    call.onFailed(code)
  }
