import type { NextFunction, Request, Response } from 'express'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'

export interface RequestContext {
  requestId: string
  /** `clock.monotonicMs()` at arrival. */
  receivedAtMs: number
  /** Fires when the caller hangs up before the answer is complete, or when the backend cannot wait any longer. */
  signal: AbortSignal
}

const contexts = new WeakMap<Request, RequestContext>()

export function contextOf(req: Request): RequestContext {
  const context = contexts.get(req)
  if (!context) throw new Error('This request did not pass the request context.')
  return context
}

export const createRequestContext =
  ({ clock, stopping }: { clock: Clock; stopping: AbortSignal }) =>
  (req: Request, res: Response, next: NextFunction): void => {
    const hangUp = new AbortController()
    const requestId = newId()
    res.set('x-request-id', requestId)
    res.once('close', () => {
      if (!res.writableFinished) hangUp.abort(new Error('The caller hung up.'))
    })
    contexts.set(req, { requestId, receivedAtMs: clock.monotonicMs(), signal: AbortSignal.any([hangUp.signal, stopping]) })
    next()
  }
