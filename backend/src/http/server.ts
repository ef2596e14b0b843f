import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'

export interface HttpServer {
  /** @returns the port. @throws Error with a sentence for people when the port cannot be had. */
  listen(): Promise<number>
  /** From now on new requests are refused; resolves when those in flight are answered. Streams have to be ended by whoever keeps them. */
  close(): Promise<void>
  isClosing(): boolean
}

/** Publishing waits for runtimes for some seconds; whoever is slower than this is cut off. */
const closeGraceMs = 15_000
const cutGraceMs = 1_000

/**
 * @param createApp is given the signal that ends requests which are not waited for any longer.
 */
export function createHttpServer(options: {
  host: string
  port: number
  createApp(state: { stopping: AbortSignal; isClosing(): boolean }): Express
}): HttpServer {
  const { host, port } = options
  const stopping = new AbortController()
  let isClosing = false
  const server: Server = createServer(options.createApp({ stopping: stopping.signal, isClosing: () => isClosing }))
  // A connection that is kept for more requests would hold up the end once its last answer is out.
  server.on('request', (_req, res) => res.once('close', () => setImmediate(() => isClosing && server.closeIdleConnections())))
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)))
        server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
      }),
    async close() {
      isClosing = true
      if (!server.listening) return
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const cut = setTimeout(() => stopping.abort(new Error('The backend is stopping.')), closeGraceMs)
      const force = setTimeout(() => server.closeAllConnections(), closeGraceMs + cutGraceMs)
      await closed
      clearTimeout(cut)
      clearTimeout(force)
    },
    isClosing: () => isClosing,
  }
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new Error(`Port ${port} of ${host} is taken by another program. Set IMPRUN_API_PORT to a free port (0 = any) and start again.`)
  if (error.code === 'EACCES') return new Error(`Port ${port} may not be used by this user. Set IMPRUN_API_PORT to a port above 1023.`)
  return error
}
