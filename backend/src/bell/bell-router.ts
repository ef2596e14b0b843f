import { type BellMessage, ImprunError } from '@imprun/contracts'
import { type RequestHandler, Router } from 'express'
import type { BellHub } from './bell-hub.ts'
import type { BellTokens } from './bell-tokens.ts'

/** A listener that has not taken so much is cut off: it reads everything again when it comes back, which is less than what waits for it. */
const waitingBytesMax = 256 * 1024

export interface BellRouter {
  handler: RequestHandler
  /** Ends every connection; who listened goes to another replica or waits for the next start. */
  stop(): void
}

/** `GET <bellPath>` with `Authorization: Bearer <bell token>`. For runtimes only, so it is not part of the described API. */
export function createBellRouter({ hub, tokens }: { hub: BellHub; tokens: BellTokens }): BellRouter {
  const open = new Set<() => void>()
  // Most of what is said goes to many at once.
  let last: { message: BellMessage; text: string } | undefined
  const textOf = (message: BellMessage): string => {
    if (last?.message !== message) last = { message, text: `data: ${JSON.stringify(message)}\n\n` }
    return last.text
  }
  const listen: RequestHandler = (req, res) => {
    const scope = tokens.check(/^Bearer (.+)$/.exec(req.get('authorization') ?? '')?.[1] ?? '')
    if (scope === undefined) throw new ImprunError('SIGN_IN_REQUIRED', 'This address is for runtimes, with the token that their backend gave them.')
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' })
    const send = (message: BellMessage): void => {
      res.write(textOf(message))
      if (res.writableLength > waitingBytesMax) res.destroy()
    }
    const unsubscribe = hub.subscribe({ scope, send })
    const end = () => void res.end()
    open.add(end)
    res.once('close', () => {
      unsubscribe()
      open.delete(end)
    })
  }
  return {
    handler: Router().get('/', listen),
    stop() {
      for (const end of [...open]) end()
    },
  }
}
