import { isImprunError } from '@imprun/contracts'
import { MongoNetworkError, MongoServerSelectionError } from 'mongodb'
import type { StoredError } from './phase-document.ts'
import { StepDeadlineError } from './step-run.ts'

/** What the owner of a document is told about a failed step. A stranger's error keeps its text in the log: it may name what is not the owner's to know. */
export function describeFailure(error: unknown): Omit<StoredError, 'at'> {
  if (isImprunError(error)) return { code: error.code, message: error.message }
  if (error instanceof StepDeadlineError) return { code: 'STEP_TIMED_OUT', message: error.message }
  if (error instanceof MongoNetworkError || error instanceof MongoServerSelectionError)
    return { code: 'DATABASE_UNAVAILABLE', message: 'MongoDB does not answer. This goes on by itself when it is back.' }
  return { code: 'INTERNAL', message: "Something inside imprun failed; the backend's log has the details. It is tried again by itself." }
}
