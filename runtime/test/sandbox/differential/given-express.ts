import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express, { type RequestHandler } from 'express'

export interface GivenExpress extends AsyncDisposable {
  readonly port: number
}

const textTypes = ['text/*', 'application/xml', 'application/*+xml', 'application/javascript', 'application/graphql']

/** A real Express server with the parsers that come with it, which stand for what imprun reads of a body. The case is chosen by the header `x-case`. */
export async function givenExpress(handlers: readonly string[]): Promise<GivenExpress> {
  const compiled = handlers.map((source) => new Function(`return (${source})`)() as RequestHandler)
  const app = express()
  // Only so that it does not print the errors that cases throw.
  app.set('env', 'test')
  app.disable('x-powered-by')
  app.use(
    express.json({ type: ['application/json', 'application/*+json'], strict: false }),
    express.urlencoded({ extended: false }),
    express.text({ type: textTypes }),
  )
  app.use(
    express.raw({ type: (request) => request.headers['content-type'] === undefined || /^(?:image|application\/octet)/.test(request.headers['content-type']) }),
  )
  app.all('/suite', (request, response, next) => compiled[Number(request.get('x-case'))]?.(request, response, next))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
