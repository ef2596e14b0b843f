import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EdgeReply, ExchangeClasses } from './exchange/exchange.ts'
import { problemText } from './problems.ts'
import type { RequestHandler } from './request-handler.ts'

/** The port that callers of functions reach. */
export interface EdgeServer {
  /** @returns the port, also when any free one was asked for @throws the system's error, EADDRINUSE when the port is taken */
  listen(host: string, port: number): Promise<number>
  /** Accepts no more, and waits until what runs is answered or `drainMs` are over; then every connection is closed. */
  close(drainMs: number): Promise<void>
  readonly port: number
}

// Slow clients: a head must be there in 10 s and a whole request in 60 s. A connection on which nothing moves is closed after the longest time that a
// function may take (300 s) and some more.
const headersTimeoutMs = 10_000
const requestTimeoutMs = 60_000
const silentConnectionMs = 330_000
// Longer than the usual idle time of load balancers, so that they and not we close a connection that they are about to use.
const keepAliveTimeoutMs = 65_000
const headerBytesMax = 16 * 1024
const drainCheckMs = 20
// So long a connection that is idle when the server begins to close may still bring a request, which is answered as its last one.
const lingerMs = 250

export function createEdgeServer(handler: RequestHandler, exchange: ExchangeClasses): EdgeServer {
  const server = createServer(
    {
      // Node makes what we hand it here, and hands it to the listeners below.
      IncomingMessage: exchange.IncomingMessage as never,
      ServerResponse: exchange.ServerResponse as never,
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: 2_000,
      noDelay: true,
    },
    handler.onRequest as unknown as RequestListener,
  )
  // No count, the bytes are the bound: beyond a count node drops headers in silence, and one of them could be the second Host.
  server.maxHeadersCount = 0
  server.on('checkContinue', handler.onCheckContinue)
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseConnection(error, socket, handler.newRequestId()))
  server.setTimeout(silentConnectionMs)
  let port = 0

  return {
    get port() {
      return port
    },
    listen: (host, wanted) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ host, port: wanted }, () => {
          server.off('error', reject)
          port = (server.address() as AddressInfo).port
          resolve(port)
        })
      }),
    async close(drainMs) {
      if (!server.listening) return
      handler.closeConnections()
      // Not the server's own close, which also ends connections that are idle between two requests: one may be on its way, and would be lost.
      const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
      const endAtMs = performance.now() + drainMs
      await Promise.race([closed, sleep(Math.min(lingerMs, drainMs), undefined, { ref: false })])
      while (handler.openCount > 0 && performance.now() < endAtMs) {
        server.closeIdleConnections()
        await sleep(drainCheckMs)
      }
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), Math.max(drainCheckMs, endAtMs - performance.now()))
      await closed
      clearTimeout(timer)
    },
  }
}

const refusalStatuses: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, HPE_CHUNK_EXTENSIONS_OVERFLOW: 413, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/**
 * A request that could not be read: the answer says no more than the status, and the connection ends, because nobody knows where the next request begins.
 * It answers that request alone: one that was read before it and still runs is answered first, and then the connection ends without a word.
 */
function refuseConnection(error: NodeJS.ErrnoException, socket: Duplex & { _httpMessage?: EdgeReply | null }, requestId: string): void {
  const pending = socket._httpMessage
  if (!socket.writable || error.code === 'ECONNRESET' || pending?.hasBegun) socket.destroy()
  else if (pending?.isRequestWhole) pending.closeAfter()
  else socket.end(problemText('REQUEST_INVALID', refusalStatuses[error.code ?? ''] ?? 400, requestId), () => socket.destroy())
}
