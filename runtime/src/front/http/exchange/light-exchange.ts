import { IncomingMessage } from 'node:http'
import type { ExchangeClasses } from './exchange.ts'
import { LightReply } from './light-reply.ts'
import { LightRequest } from './light-request.ts'

// What node attaches to a request under a symbol of its own (listeners for an abort signal that nobody asks for here) it also calls; there is nothing to do.
for (const key of Object.getOwnPropertySymbols(IncomingMessage.prototype)) {
  if (typeof Reflect.get(IncomingMessage.prototype, key) === 'function') Object.defineProperty(LightRequest.prototype, key, { value: () => undefined })
}

export const lightExchange: ExchangeClasses = { name: 'light', IncomingMessage: LightRequest as never, ServerResponse: LightReply as never }
