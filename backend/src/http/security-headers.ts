import type { NextFunction, Request, Response } from 'express'

/** Answers are for programs: nothing may frame, sniff, cache or run them. `/docs` loosens the policy for itself. */
export function setSecurityHeaders(_req: Request, res: Response, next: NextFunction): void {
  res.set({
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
  next()
}
