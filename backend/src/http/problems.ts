import { errorCodes, ImprunError, isImprunError, type Problem, toProblem } from '@imprun/contracts'
import type { Response } from 'express'
import { isDatabaseUnavailable } from '../database/availability.ts'
import type { Log } from '../platform/log.ts'

const retryAfterDefaultS = 1

export const databaseUnavailable = (cause?: unknown): ImprunError =>
  new ImprunError('DATABASE_UNAVAILABLE', 'MongoDB does not answer at the moment. It is tried again by itself; send the call again shortly.', { cause })

export const shuttingDown = (): ImprunError => new ImprunError('SHUTTING_DOWN', 'The backend is stopping. Send the call again shortly.')

/** The one place where anything thrown becomes what a caller is told. What is not an ImprunError goes to the log, and the caller learns the id alone. */
export function toImprunError(error: unknown, log: Log): ImprunError {
  if (isImprunError(error)) return error
  if (error instanceof URIError)
    return new ImprunError('INPUT_INVALID', 'The path holds a broken percent-encoding.', { errors: [{ field: 'path', message: 'Encode it as UTF-8.' }] })
  if (isDatabaseUnavailable(error)) {
    log.warn({ error }, 'MongoDB is unavailable')
    return databaseUnavailable(error)
  }
  log.error({ error }, 'A request failed')
  return new ImprunError('INTERNAL', 'Something went wrong inside imprun. The log has the reason under this request id.', { cause: error })
}

/** @returns what was sent. An answer that has begun cannot be taken back: the connection is cut instead, so that the caller sees it is incomplete. */
export function sendProblem(res: Response, error: ImprunError, requestId: string): Problem {
  const problem = toProblem(error.code, error.message, requestId, { errors: error.errors, facts: error.facts })
  if (res.headersSent) {
    res.destroy()
    return problem
  }
  const traits = errorCodes[error.code]
  const retryAfterS = error.retryAfterS ?? (traits.status === 503 ? retryAfterDefaultS : undefined)
  if (retryAfterS !== undefined) res.set('retry-after', String(Math.ceil(retryAfterS)))
  if (traits.status === 401) res.set('www-authenticate', 'Bearer realm="imprun"')
  res.status(problem.status).type('application/problem+json').send(JSON.stringify(problem))
  return problem
}
