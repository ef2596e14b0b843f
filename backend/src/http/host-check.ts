import { ImprunError } from '@imprun/contracts'
import type { NextFunction, Request, Response } from 'express'

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * A page from anywhere can let its own name point to this machine and then call it through the visitor's browser (DNS rebinding). The browser still says
 * the page's name in Host and Origin, so only names of this machine, and those that were configured, are let in.
 */
export function createHostCheck(allowedHosts: readonly string[]): (req: Request, res: Response, next: NextFunction) => void {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()))
  const isKnown = (name: string | undefined) => name !== undefined && (loopbackNames.has(name) || name.endsWith('.localhost') || allowed.has(name))
  return (req, _res, next) => {
    if (!isKnown(nameOf(`http://${req.headers.host}`))) {
      return next(new ImprunError('FORBIDDEN', 'This address is not one of the backend. Call it as localhost or 127.0.0.1.'))
    }
    const { origin } = req.headers
    if (origin !== undefined && !isKnown(nameOf(origin))) return next(new ImprunError('FORBIDDEN', 'Pages of other sites may not call the backend.'))
    next()
  }
}

function nameOf(address: string): string | undefined {
  return URL.parse(address)?.hostname.toLowerCase()
}
